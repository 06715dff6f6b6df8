// Graphs of files: a map from each file to the set of those that it imports.

/** A folder, or a file by itself, as those are that `allowed` names within a folder. */
export function roomOf(file, allowed) {
  return allowed[file] === undefined ? folderOf(file) : file;
}

/** The imports from rooms that `allowed` doesn't have for a file's own. Who may use a folder may use each file of it. */
export function* forbidden(imports, allowed) {
  for (const [from, targets] of imports) {
    const room = roomOf(from, allowed);
    for (const to of targets) {
      const own = [room, ...(allowed[room] ?? [])];
      if (!own.includes(roomOf(to, allowed)) && !own.includes(folderOf(to))) yield { from, to };
    }
  }
}

/** Which rooms each may use, with the files by themselves of its own folder. */
export function roomGraph(allowed) {
  const rooms = Object.keys(allowed);
  const within = (room) => rooms.filter((file) => file !== room && folderOf(file) === room);
  return new Map(rooms.map((room) => [room, new Set([...allowed[room], ...within(room)])]));
}

function folderOf(file) {
  return file.split('/')[0];
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
