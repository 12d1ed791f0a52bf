// The Python around a Python plugin.

/**
 * A plugin's answer depends on the turn alone. The isolate's clock stands still and its random bytes repeat, whatever is asked of them;
 * this adds an error that says so in the places a plugin's author would use.
 */
export const DENY_CLOCK_AND_RANDOMNESS = `
def _deny():
    import datetime, os, random, secrets, time, uuid
    def denied(what, grant):
        def call(*args, **kwargs):
            raise PermissionError(f'{what} needs the grant "{grant}", which this plugin does not have')
        return call
    for name in ('time', 'time_ns', 'monotonic', 'monotonic_ns', 'perf_counter', 'perf_counter_ns', 'process_time', 'process_time_ns', 'sleep', 'localtime', 'gmtime', 'ctime'):
        setattr(time, name, denied('time.' + name, 'clock'))
    for name in ('random', 'randint', 'randrange', 'choice', 'choices', 'sample', 'shuffle', 'uniform', 'gauss', 'seed', 'getrandbits', 'randbytes'):
        setattr(random, name, denied('random.' + name, 'randomness'))
    for name in ('token_bytes', 'token_hex', 'token_urlsafe', 'randbelow', 'choice'):
        setattr(secrets, name, denied('secrets.' + name, 'randomness'))
    os.urandom = denied('os.urandom', 'randomness')
    uuid.uuid1 = denied('uuid.uuid1', 'clock')
    uuid.uuid4 = denied('uuid.uuid4', 'randomness')
    class DateTime(datetime.datetime):
        now = utcnow = today = staticmethod(denied('the present (datetime.now)', 'clock'))
    class Date(datetime.date):
        today = staticmethod(denied('the present (date.today)', 'clock'))
    datetime.datetime, datetime.date = DateTime, Date
_deny()
`

/** Evaluates to a function of the module's text, its name and the class's, which gives the function that puts a text to the plugin. */
export const LOAD_CLASS = `
def _load(code, name, class_name):
    import json, sys, types
    module = types.ModuleType(name)
    sys.modules[name] = module
    exec(compile(code, name + '.py', 'exec'), module.__dict__)
    if not hasattr(module, class_name):
        raise LookupError(f'{name}.py has no class {class_name}')
    process = getattr(module, class_name)().process
    dumps = json.dumps
    def call(text):
        try:
            said = process(text)
            if said is not None and not isinstance(said, dict):
                return f'!process returned {type(said).__name__}; it must return a dict or None'
            if said is not None:
                said = {key: value for key, value in said.items() if value is not None}
            return dumps(said, ensure_ascii=False, allow_nan=False)
        except BaseException as error:
            return f'!{type(error).__name__}: {error}'[:300]
    return call
_load
`
