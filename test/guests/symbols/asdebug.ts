// What AssemblyScript's debug builds are made of: classes whose fields get accessors, which have no place in the map.
class P {
  constructor(public x: i32, public y: f64) {}
  norm(): f64 {
    return Math.sqrt(this.y * this.y + <f64>(this.x * this.x));
  }
}

function work<T>(n: i32, seed: T): f64 {
  let t: f64 = 0;
  const ps = new Array<P>();
  for (let i = 0; i < n; i++) ps.push(new P((i * 7919) % 1009, <f64>i));
  ps.sort((a, b) => a.x - b.x);
  for (let i = 0; i < n; i++) t += ps[i].norm();
  return t + <f64>seed;
}

function text(n: i32): i32 {
  let s = "";
  for (let i = 0; i < n; i++) s += i.toString();
  return s.length;
}

export function run(n: i32): f64 {
  let t: f64 = 0;
  for (let i = 0; i < n; i++) {
    t += work<i32>(500, i);
    t += <f64>text(300);
  }
  return t;
}
