// The Python around a Python plugin.

/**
 * Evaluates to a function of the texts of the SDK's module and the plugin's, the plugin's names, its settings and its grants as JSON. That gives the
 * function that puts a turn to the plugin, or a text that says why there is none. Errors name the lines of the plugin's own file.
 */
export const LOAD_CLASS = `
def _load(sdk, code, name, class_name, settings, grants):
    import json, sys, types
    begin, end, memory_of = _guard(json.loads(grants))
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
    turn_of = add_module('parley_sdk', sdk).Turn
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
    dumps = json.dumps
    def call(text, original, language, locale, seed, memory):
        begin(int(seed) if seed else None)
        try:
            said = on_turn(turn_of(text, original, language, locale, memory_of(memory)), values)
            if said is not None and not isinstance(said, kinds):
                return f'!{hook} returned {type(said).__name__}; it must return {wanted}'
            if isinstance(said, dict) and 'votes' not in said:
                said = {key: value for key, value in said.items() if value is not None}
            return dumps(said, ensure_ascii=False, allow_nan=False)
        except BaseException as error:
            return '!' + describe(error)
        finally:
            end()
    return call
_load
`
