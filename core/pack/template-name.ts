// What a template may be called, in a catalogue, in phrases and in a risk list alike.
import { z } from 'zod'

export const TemplateName = z.string().regex(/^[a-z0-9-]+(\.[a-z0-9-]+)*$/, 'a template is named in lower case, such as compensate.fresh')
