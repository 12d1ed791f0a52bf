// The protocol's version, by itself: a browser needs the number and not the schemas.

/** The version in the first frame. A change that an old client cannot live with raises it. */
export const PROTOCOL = 1
