/** The variable that a bundle leaves the plugin's exports in. */
export const EXPORTS = 'parleyPlugin'
