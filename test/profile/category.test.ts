import { describe, expect, it } from 'vitest';
import { CategoryTable } from '../../lib/profile/category.js';

describe('CategoryTable', () => {
  it('starts with a grey one, as readers demand, and puts Other first in each', () => {
    const categories = new CategoryTable();
    expect(categories.get(0)).toEqual({ name: 'Other', color: 'grey', subcategories: ['Other'] });
    const index = categories.add('WASI', 'orange', ['files']);
    expect(categories.get(index).subcategories).toEqual(['Other', 'files']);
  });
});
