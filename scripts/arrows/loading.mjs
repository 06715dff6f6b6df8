// What files of lib/ use of each other while they are loaded: a class that another extends, say. Those must be loaded
// before, so they may not import, types aside, those that use them: which is first would depend on who imports whom, and a
// bundle with several entries puts them in another order.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

/** Pairs of files, of which one uses the other while it is loaded, and is imported by it. */
export function* loadedTooLate(root) {
  const files = readdirSync(root, { recursive: true }).filter((file) => /(?<!\.d)\.ts$/.test(file));
  const sources = new Map(files.map((file) => [file, parse(root, file)]));
  const names = new Map([...sources].map(([file, source]) => [file, valueImports(file, source)]));
  const reached = (file, found = new Set()) => {
    for (const target of names.get(file)?.files ?? []) {
      if (!found.has(target)) reached(target, found.add(target));
    }
    return found;
  };
  for (const [file, source] of sources) {
    for (const target of new Set(usedWhileLoading(source, names.get(file).byName))) {
      if (reached(target).has(file)) yield { from: file, to: target };
    }
  }
}

function parse(root, file) {
  const text = readFileSync(path.join(root, file), 'utf8');
  return ts.createSourceFile(path.join(root, file), text, ts.ScriptTarget.Latest, true);
}

/** The files that are imported for more than types, and which names come from which. */
function valueImports(file, source) {
  const files = new Set();
  const byName = new Map();
  for (const statement of source.statements) {
    const target = targetOf(file, source, statement);
    if (target === undefined) continue;
    const { importClause, exportClause } = statement;
    const named = exportClause ?? importClause?.namedBindings;
    const elements = named?.elements?.filter(({ isTypeOnly }) => !isTypeOnly);
    if (statement.isTypeOnly || importClause?.isTypeOnly) continue;
    if (elements?.length === 0 && importClause?.name === undefined) continue;
    files.add(target);
    if (importClause === undefined) continue;
    for (const { name } of elements ?? (named ? [named] : [])) byName.set(name.text, target);
    if (importClause.name) byName.set(importClause.name.text, target);
  }
  return { files, byName };
}

function targetOf(file, source, { moduleSpecifier }) {
  if (!moduleSpecifier?.text.startsWith('.')) return undefined;
  const target = path.join(path.dirname(file), moduleSpecifier.text).replace(/\.js$/, '.ts');
  const root = source.fileName.slice(0, -file.length);
  return existsSync(path.join(root, target)) ? target : undefined;
}

/** The files of imported names that stand outside functions, fields of objects and types. */
function* usedWhileLoading(node, byName) {
  if (isLater(node)) return;
  if (ts.isIdentifier(node) && byName.has(node.text)) yield byName.get(node.text);
  const children = [];
  ts.forEachChild(node, (child) => void children.push(child));
  for (const child of children) {
    // A property of that name is something else.
    if (ts.isPropertyAccessExpression(node) && child === node.name) continue;
    yield* usedWhileLoading(child, byName);
  }
}

function isLater(node) {
  if (ts.isFunctionLike(node) || ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
    return true;
  }
  if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return true;
  if (ts.isModuleDeclaration(node)) return true;
  if (ts.isHeritageClause(node)) return node.token === ts.SyntaxKind.ImplementsKeyword;
  if (ts.isPropertyDeclaration(node)) {
    return !node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword);
  }
  return ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node);
}
