/** What few runs need, in one file: more of them would divide what they share with others into more files still. */

export { openProfile } from './open-profile.js';
export { runRepeatedly } from './repeat.js';
