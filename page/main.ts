import './style.css';
import type { PageData } from '../lib/formats/page-types.js';
import { App } from './app.js';
import { byId } from './dom.js';
import { useUnitsOf } from './units.js';

const data = JSON.parse(byId('profile').textContent ?? '') as PageData;
useUnitsOf(data);
new App(data).start();
