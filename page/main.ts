import './style.css';
import type { PageData } from '../lib/formats/page-types.js';
import { App } from './app.js';
import { byId } from './dom.js';

new App(JSON.parse(byId('profile').textContent ?? '') as PageData).start();
