/** The commands that need no addon, or not always: a file of the bundle, since many would cost more than what is in them. */

export { annotate } from './annotate.js';
export { bashCompletions } from './bash-completions.js';
export { commandsOf } from './command-facts.js';
export { convert } from './convert.js';
export { diff } from './diff.js';
export { fishCompletions } from './fish-completions.js';
export { manPage } from './man-page.js';
export { printTop } from './top.js';
export { view } from './view.js';
export { zshCompletions } from './zsh-completions.js';
