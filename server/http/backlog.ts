/**
 * Connections that wait to be taken when thousands come back at once. Of what is beyond, Node's own 511, the system says nothing: whoever connects tries
 * again after a second, then after three, then after seven. The system cuts this to its own limit (`net.core.somaxconn`).
 */
export const BACKLOG = 4_096
