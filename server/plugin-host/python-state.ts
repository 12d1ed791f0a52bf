// What a Python plugin's own objects hold does not outlive a turn: a turn must give the same answer whatever turns came before, and no
// conversation may be seen by another. Running the module anew for each turn would do that too, at the price of its start each time.

/**
 * `_keeper`, a function of the plugin's modules and the plugin, called when it has started. It walks through all that they lead to and gives the
 * function that puts it back as it was. An object that cannot be put back, such as an iterator, is a TypeError. Libraries are not walked into,
 * since they belong to nobody; from the modules that the plugin names only what was added is taken away.
 */
export const KEEP_PYTHON = `
def _keeper(module, sdk, plugin):
    import array, builtins, collections, collections.abc, functools, gc, operator, random, sys, types
    is_, ALL, MISSING, cell_contents = operator.is_, slice(None), object(), types.CellType.cell_contents
    whole = [vars(types.FunctionType)[name] for name in ('__code__', '__defaults__', '__kwdefaults__')]
    seen = {id(stream): stream for stream in (sys.stdin, sys.stdout, sys.stderr)}
    spaces, attributes, fields, lists, stores, rows, caches = [], [], {}, [], [], [], []
    libraries = [builtins, sys, sdk]
    def is_own(each):
        return getattr(each, '__module__', None) == module.__name__
    def add_space(space, put, remove):
        seen[id(space)] = space
        (spaces if space else attributes).append((space, list(space), list(space.values()), put, remove))
        return space.values()
    def add_dict(space):
        return add_space(space, space.__setitem__, space.__delitem__)
    def read(field, holder):
        try:
            return field.__get__(holder)
        except (AttributeError, ValueError):
            return MISSING
    def add_field(field, holder):
        holders, values = fields.setdefault(field, ([], []))
        holders.append(holder)
        values.append(read(field, holder))
        return values[-1]
    def parts(each):
        """What it leads to; and how it is put back is noted."""
        if isinstance(each, types.ModuleType):
            if each is module:
                yield from add_dict(vars(each))
            else:
                libraries.append(each)
            return
        if isinstance(each, type):
            if is_own(each):
                yield from each.__bases__
                yield from add_space(vars(each), functools.partial(type.__setattr__, each), functools.partial(type.__delattr__, each))
            return
        if isinstance(each, types.FunctionType):
            if is_own(each):
                yield from add_dict(vars(each))
                yield from [add_field(field, each) for field in whole]
                yield each.__closure__
            return
        if isinstance(each, types.CellType):
            yield add_field(cell_contents, each)
            return
        if isinstance(each, types.BuiltinMethodType):
            yield each.__self__
            return
        if isinstance(each, functools._lru_cache_wrapper):
            if is_own(each):
                caches.append(each.cache_clear)
                yield each.__wrapped__
            return
        if isinstance(each, (collections.abc.Iterator, collections.abc.Coroutine)) and not is_own(type(each)):
            raise TypeError(f'a {type(each).__name__} is kept between turns, which cannot be put back as it was: make it in on_turn')
        try:
            yield from add_dict(object.__getattribute__(each, '__dict__'))
        except (AttributeError, TypeError):
            pass
        for field in [field for kind in type(each).__mro__ if is_own(kind) for field in vars(kind).values()]:
            if isinstance(field, types.MemberDescriptorType):
                yield add_field(field, each)
        for kind in (list, bytearray, array.array):
            if isinstance(each, kind):
                lists.append((kind.__setitem__, each, kind(each) if kind is not array.array else each[:]))
                yield from list(each) if kind is list else ()
        for kind, update in ((collections.OrderedDict, 'update'), (dict, 'update'), (set, 'update'), (collections.deque, 'extend')):
            if isinstance(each, kind):
                held = dict(each) if isinstance(each, dict) else list(each) if kind is collections.deque else set(each)
                stores.append((kind.clear, getattr(kind, update), each, held))
                yield from held
                yield from held.values() if isinstance(held, dict) else ()
                break
        if isinstance(each, random.Random) and not isinstance(each, random.SystemRandom):
            rows.append((each.setstate, each.getstate()))
        yield from gc.get_referents(each)
    plain = {str, int, float, bool, bytes, complex, type(None), range, types.CodeType, types.GetSetDescriptorType, types.WrapperDescriptorType}
    plain |= {types.TracebackType, types.FrameType}  # of an error that is kept: they lead to those who called the module
    waiting = [module, plugin]
    while waiting:
        each = waiting.pop()
        if type(each) in plain or id(each) in seen:
            continue
        seen[id(each)] = each
        waiting.extend(parts(each))
    fields = [(field, field.__get__, *noted) for field, noted in fields.items()]
    libraries = [(vars(library), set(vars(library))) for library in libraries]
    sizes = [len(space) for space, _ in libraries]
    spaces_of_libraries = [space for space, _ in libraries]
    empty = [space for space, *_ in attributes]
    def put_back_space(space, names, values, put, remove):
        kept = dict(zip(names, values))
        for name in [name for name in space if name not in kept]:
            try_to(remove, name)
        for name, value in kept.items():
            if space.get(name, MISSING) is not value:
                try_to(put, name, value)
    def try_to(act, *args):
        try:
            act(*args)
        except (AttributeError, TypeError):
            pass  # what the interpreter keeps for itself in a class
    def put_back_field(field, holders, values):
        for holder, value in zip(holders, values):
            if value is not MISSING:
                field.__set__(holder, value)
            elif read(field, holder) is not MISSING:
                field.__delete__(holder)
    def put_back_library(space, known):
        # A module stays: whoever imports it again would not find it.
        for name in [name for name, value in space.items() if name not in known and not isinstance(value, types.ModuleType)]:
            del space[name]
    def put_back():
        for space, names, values, put, remove in spaces:
            if len(space) != len(names) or not all(map(is_, space.values(), values)) or not all(map(is_, space, names)):
                put_back_space(space, names, values, put, remove)
        if any(empty):
            for each in attributes:
                put_back_space(*each)
        for field, get, holders, values in fields:
            try:
                is_same = all(map(is_, map(get, holders), values))
            except (AttributeError, ValueError):
                is_same = False  # one is missing
            if not is_same:
                put_back_field(field, holders, values)
        for put, each, held in lists:
            put(each, ALL, held)
        for clear, update, each, held in stores:
            clear(each)
            update(each, held)
        for put, state in rows:
            put(state)
        for clear in caches:
            clear()
        if list(map(len, spaces_of_libraries)) != sizes:
            for each in libraries:
                put_back_library(*each)
    return put_back
`
