/** A name of a starter or a fork: also a directory name. */
export const STACK_NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/;
