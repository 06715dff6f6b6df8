import type { NativeOperatorCost } from '../generated/native.js';
import { native } from '../native.js';
import { checkInteger, checkKeys, checkObject } from './check.js';
import { misuse } from './errors.js';

/** Costs, 0 to 255, per unit of what an operator works on. Mirrors `wasmtime::VariableOperatorCost`. */
export interface VariableOperatorCost {
  /** Of `memory.copy`. */
  readonly memoryCopyPerByte?: number;
  /** Of `memory.fill`. */
  readonly memoryFillPerByte?: number;
  /** Of `memory.init`. */
  readonly memoryInitPerByte?: number;
  /** Of `memory.grow`. */
  readonly memoryGrowPerPage?: number;
  /** Of `table.copy`. */
  readonly tableCopyPerElement?: number;
  /** Of `table.fill`. */
  readonly tableFillPerElement?: number;
  /** Of `table.init`. */
  readonly tableInitPerElement?: number;
  /** Of `table.grow`. */
  readonly tableGrowPerElement?: number;
  /** Of `array.copy`. */
  readonly arrayCopyPerElement?: number;
  /** Of `array.fill`. */
  readonly arrayFillPerElement?: number;
  /** Of `array.new_data`. */
  readonly arrayNewDataPerElement?: number;
  /** Of `array.init_data`. */
  readonly arrayInitDataPerElement?: number;
  /** Of `array.new_elem`. */
  readonly arrayNewElemPerElement?: number;
  /** Of `array.init_elem`. */
  readonly arrayInitElemPerElement?: number;
  /** Of `array.new_default`. */
  readonly arrayNewDefaultPerElement?: number;
  /** Of `array.new`. */
  readonly arrayNewPerElement?: number;
}

/** Costs, 0 to 255, by the operators' names: `{ I32Add: 2, variable: { … } }`. Mirrors `wasmtime::OperatorCost`. */
export interface OperatorCost {
  readonly [operator: string]: number | VariableOperatorCost | undefined;
  /** On top of the operators' own. */
  readonly variable?: VariableOperatorCost;
}

const VARIABLE: readonly string[] = [
  'memoryCopyPerByte',
  'memoryFillPerByte',
  'memoryInitPerByte',
  'memoryGrowPerPage',
  'tableCopyPerElement',
  'tableFillPerElement',
  'tableInitPerElement',
  'tableGrowPerElement',
  'arrayCopyPerElement',
  'arrayFillPerElement',
  'arrayNewDataPerElement',
  'arrayInitDataPerElement',
  'arrayNewElemPerElement',
  'arrayInitElemPerElement',
  'arrayNewDefaultPerElement',
  'arrayNewPerElement',
] satisfies (keyof VariableOperatorCost)[];

/** @internal What native code reads of `config.operatorCost`. */
export function checkOperatorCost(what: string, value: unknown): NativeOperatorCost {
  const names: string[] = [];
  const costs: number[] = [];
  const { variable = {}, ...operators } = checkObject(what, value);
  for (const [name, cost] of Object.entries(operators)) {
    if (!native.isOperator(name)) {
      throw misuse('ERR_INVALID_ARG_VALUE', `${what}: no operator '${name}'`);
    }
    names.push(name);
    costs.push(checkInteger(`${what}.${name}`, cost, 0, 255));
  }
  return { names, costs, variable: checkVariable(`${what}.variable`, variable) };
}

function checkVariable(what: string, value: unknown): NativeOperatorCost['variable'] {
  const variable = checkObject(what, value);
  checkKeys(what, variable, VARIABLE);
  const checked: Record<string, number> = {};
  for (const [name, cost] of Object.entries(variable)) {
    if (cost !== undefined) checked[name] = checkInteger(`${what}.${name}`, cost, 0, 255);
  }
  return checked;
}
