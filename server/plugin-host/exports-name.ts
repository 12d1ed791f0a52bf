/** The global that a bundle leaves the plugin's exports under, inside its isolate. */
export const EXPORTS = 'parleyPlugin'
