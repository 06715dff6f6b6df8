import { ObjectTable } from './object-table.js';

/** A row of the category list. */
export type CategoryIndex = number;
/** A row of one category's own list of subcategories; 0 stands for the category itself. */
export type SubcategoryIndex = number;

/** The colors that the Firefox Profiler's timeline knows. */
export const CATEGORY_COLORS = [
  'transparent',
  'purple',
  'green',
  'orange',
  'yellow',
  'lightblue',
  'blue',
  'brown',
  'magenta',
  'red',
  'lightred',
  'darkgrey',
  'grey',
] as const;

/** One of {@link CATEGORY_COLORS}. */
export type CategoryColor = (typeof CATEGORY_COLORS)[number];

/** What kind of work a frame does: it colors the timeline. */
export interface Category {
  readonly name: string;
  readonly color: CategoryColor;
  /** The first is always 'Other'. */
  readonly subcategories: readonly string[];
}

/** 'Other', grey: the category of a sample without frames. A reader demands one grey category. */
export const CATEGORY_OTHER: CategoryIndex = 0;
/** 'Guest', purple: wasm frames. */
export const CATEGORY_GUEST: CategoryIndex = 1;

/** A profile's categories: 'Other' and 'Guest' from the start, and whatever is added. */
export class CategoryTable extends ObjectTable<Category> {
  constructor() {
    super('category');
    this.add('Other', 'grey');
    this.add('Guest', 'purple');
  }

  /** Adds a category; `subcategories` are those beside 'Other', which is put first. */
  add(name: string, color: CategoryColor, subcategories: readonly string[] = []): CategoryIndex {
    return this.rows.push({ name, color, subcategories: ['Other', ...subcategories] }) - 1;
  }

  /** The category of that name, added with this color when there is none. */
  intern(name: string, color: CategoryColor): CategoryIndex {
    const known = this.rows.findIndex((category) => category.name === name);
    return known >= 0 ? known : this.add(name, color);
  }

  /** The category that another table has, added when there is none with all the same subcategories. */
  adopt({ name, color, subcategories }: Category): CategoryIndex {
    const key = subcategories.join('\n');
    const known = this.rows.findIndex(
      (category) => category.name === name && category.subcategories.join('\n') === key,
    );
    return known >= 0 ? known : this.add(name, color, subcategories.slice(1));
  }
}
