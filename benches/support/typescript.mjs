// Lets Node 20 run the benches' TypeScript as it stands, and lets them measure what is published.
//
//   node --import ./benches/support/typescript.mjs benches/run.ts
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
