/** Where the Firefox Profiler is. */
export const FRONT_END = 'https://profiler.firefox.com';
