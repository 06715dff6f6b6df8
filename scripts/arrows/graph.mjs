// Graphs of files: a map from each file to the set of those that it imports.

/** A folder, or a file by itself. */
export function roomOf(file) {
  return file.split('/')[0];
}

/** The imports from rooms that `allowed` doesn't have for a file's own. */
export function* forbidden(imports, allowed) {
  for (const [from, targets] of imports) {
    const room = roomOf(from);
    for (const to of targets) {
      if (roomOf(to) !== room && !allowed[room]?.includes(roomOf(to))) yield { from, to };
    }
  }
}

/** Files that reach one another, by Tarjan; those of one file are left out. */
export function circles(imports) {
  const index = new Map();
  const low = new Map();
  const stack = [];
  const found = [];
  const visit = (file) => {
    index.set(file, index.size);
    low.set(file, index.get(file));
    stack.push(file);
    for (const target of imports.get(file) ?? []) {
      if (!index.has(target)) visit(target);
      if (stack.includes(target)) low.set(file, Math.min(low.get(file), low.get(target)));
    }
    if (low.get(file) === index.get(file)) {
      const circle = stack.splice(stack.indexOf(file));
      if (circle.length > 1) found.push(circle);
    }
  };
  for (const file of imports.keys()) if (!index.has(file)) visit(file);
  return found;
}
