// The Python around a Python plugin.
import { GUARD_PYTHON } from './grants.ts'
import { KEEP_PYTHON } from './python-state.ts'

/**
 * `_load`, a function of the texts of the SDK's module and the plugin's, the plugin's names, its settings and its grants as JSON. That gives the
 * function that has it start, and then puts turns to it, or a text that says why there is none. Errors name the lines of the plugin's own file.
 */
const LOAD_CLASS = `
def _load(sdk, code, name, class_name, settings, grants):
    import json, sys, types
    granted, dumps = json.loads(grants), json.dumps
    begin, end, memory_of = _guard(granted)
    file = name + '.py'
    def add_module(name, code):
        module = types.ModuleType(name)
        sys.modules[name] = module
        exec(compile(code, name + '.py', 'exec'), module.__dict__)
        return module
    def describe(error):
        said = f'{type(error).__name__}: {error}'[:300]
        lines, step = [], error.__traceback__
        while step is not None:
            if step.tb_frame.f_code.co_filename == file:
                lines.append(step.tb_lineno)
            step = step.tb_next
        if isinstance(error, SyntaxError) and error.filename == file and error.lineno is not None:
            said, lines = f'{type(error).__name__}: {error.msg}'[:300], [error.lineno]
        return said + (' (at ' + ', '.join(f'{file}:{line}' for line in reversed(lines[-3:])) + ')' if lines else '')
    sdk_module = add_module('parley_sdk', sdk)
    turn_of, facts_of, effect_of = sdk_module.Turn, sdk_module.Facts, sdk_module.Effect
    answers, asks, put_back = None, None, None
    async def query(name, **variables):
        nonlocal asks
        if 'facts' not in granted:
            raise PermissionError('a query needs the grant "facts", which this plugin does not have')
        if answers is None:
            raise RuntimeError('facts are of a turn, and there is none now: look them up in on_turn')
        asked = dumps([name, variables], ensure_ascii=False, allow_nan=False)
        if asked in answers:
            return facts_of(**answers[asked])
        asks = asks or asked
        raise RuntimeError('the answer is not there yet: on_turn is begun again when it is')
    sdk_module.query = query
    def finish(said):
        """What an async on_turn comes to: all that it can wait for are queries, and these never wait."""
        try:
            said.send(None)
        except StopIteration as done:
            return done.value
        said.close()
        raise RuntimeError('on_turn waits for something that is no query')
    values = types.MappingProxyType({key: tuple(value) if isinstance(value, list) else value for key, value in json.loads(settings).items()})
    try:
        module = add_module(name, code)
        if not hasattr(module, class_name):
            return f'{file} has no class {class_name}'
        plugin = getattr(module, class_name)()
    except BaseException as error:
        return describe(error)
    if hasattr(plugin, 'on_turn'):
        on_turn, hook, kinds, wanted = plugin.on_turn, 'on_turn', (dict, list, tuple), 'a vote, a list of votes or None'
    elif hasattr(plugin, 'process'):
        process, hook, kinds, wanted = plugin.process, 'process', dict, 'a dict or None'
        on_turn = lambda turn, settings: process(turn.text)
    else:
        return f'class {class_name} of {file} has neither process(self, text) nor on_turn(self, turn, settings)'
    def answer(turn):
        said = on_turn(turn, values)
        if hasattr(said, 'send'):
            said = finish(said)
        if said is not None and not isinstance(said, kinds):
            raise TypeError(f'{hook} returned {type(said).__name__}; it must return {wanted}')
        if isinstance(said, dict) and 'votes' not in said:
            said = {key: value for key, value in said.items() if value is not None}
        return dumps(said, ensure_ascii=False, allow_nan=False)
    for name in ('on_action', 'undo') if 'effects' in granted else ():
        if not hasattr(plugin, name):
            return f'{file}: class {class_name} has the grant "effects" and no {name}(self, effect, settings)'
    def act(name, given):
        asked = json.loads(given)
        effect = effect_of(asked['effect'], asked['slots'], asked['locale'], asked.get('result'))
        said = getattr(plugin, name)(effect, values)
        if not isinstance(said, dict):
            raise TypeError(f'{name} returned {type(said).__name__}; it must return mutate(…) or refuse(…)')
        return dumps(said, ensure_ascii=False, allow_nan=False)
    def start():
        if hasattr(plugin, 'on_start') and hasattr(plugin.on_start(values), 'send'):
            raise TypeError('on_start is async; it must prepare at once')
    def keep():
        nonlocal put_back
        put_back = _keeper(module, sdk_module, plugin)
    def call(text, original, language, locale, seed, memory, given, hook_asked, effect):
        nonlocal answers, asks
        if hook_asked in ('on_start', 'keep'):
            try:
                start() if hook_asked == 'on_start' else keep()
                return ''
            except BaseException as error:
                return describe(error)
        begin(int(seed) if seed else None)
        answers, asks = json.loads(given) if given else None, None
        try:
            put_back()
            said = act('undo' if hook_asked == 'undo' else 'on_action', effect) if hook_asked else answer(turn_of(text, original, language, locale, memory_of(memory)))
        except BaseException as error:
            said = '!' + describe(error)
        finally:
            end()
            answers = None
        return said if asks is None else dumps({'asks': asks}, ensure_ascii=False)
    return call
`

/**
 * What comes before any plugin of Python, and so what a snapshot holds: `LOAD_CLASS`, what that and the SDK import, and `_warm`. That does what plugins
 * commonly do: WebAssembly is compiled when it is first run, and a snapshot holds nothing compiled, so a first call might miss its deadline.
 */
export const PREPARE = `
import datetime, json, os, random, secrets, sys, time, types, typing, uuid
${GUARD_PYTHON}
${KEEP_PYTHON}
${LOAD_CLASS}
def _warm():
    import re
    def raised(act):
        try:
            act()
        except BaseException as error:
            return f'{type(error).__name__}: {error}'
    said = [raised(lambda: bytearray(2 ** 40)), raised(lambda: {}['none']), raised(lambda: None.none), raised(lambda: compile('(', 'x.py', 'exec'))]
    words = re.split(r'[\\s,]+', ' '.join(sorted({word.lower().replace('a', 'b') for word in said if word})))
    found = [match.group() for word in words for match in re.finditer(r'(?i)[a-z]+|\\d+', word)]
    return json.dumps({'words': json.loads(json.dumps(words)), 'size': round(sum(map(len, found)) / 3.0, 2)}, ensure_ascii=False)
None
`
