/** Numbers from 0 up to a limit. */
export type Random = (limit: number) => number;

/** Random linkage names of C++ and Rust, by their grammars: mostly ones that a demangler can read. */
export function mangledName(random: Random): string {
  return random(3) === 0 ? new Rust(random).name() : new Itanium(random).name();
}

/** As a substitution counts: nothing, 0, 1, … in base 36. */
function sequence(n: number): string {
  return n === 0 ? '' : (n - 1).toString(36).toUpperCase();
}

class Itanium {
  readonly #random: Random;
  /** What substitutions may refer to, about. */
  #known = 0;
  #room: number;

  constructor(random: Random) {
    this.#random = random;
    this.#room = 10 + random(120);
  }

  name(): string {
    const own = this.#pick(['1f', 'N1a1bE', 'N1aC1Ev', 'ZN1a1bEvE1c', 'cvi', '1fIJifEE', 'UlvE_']);
    const params = Array.from({ length: 1 + this.#random(40) }, () => this.#type());
    return `_Z${own}${params.join('')}`;
  }

  #pick(choices: readonly string[]): string {
    return choices[this.#random(choices.length)] ?? '';
  }

  #type(): string {
    this.#room--;
    if (this.#room < 0) return this.#random(2) === 0 ? 'i' : this.#substitution();
    switch (this.#random(9)) {
      case 0:
        return this.#pick(['i', 'v', 'c', 'd', 'Dn', 'u3foo', 'z']);
      case 1:
        this.#known++;
        return this.#pick(['P', 'R', 'O', 'K', 'PK', 'A3_', 'M1A']) + this.#type();
      case 2:
        this.#known++;
        return `F${this.#type()}${this.#type()}E`;
      case 3:
        return this.#pick(['T_', 'T0_', 'DpT_', 'DtfpK_E', 'Dpi']);
      case 4:
      case 5:
        return this.#substitution();
      case 6:
        this.#known += 2;
        return `N1A1BI${this.#type()}E1CE`;
      default: {
        this.#known++;
        const [a, b] = [this.#type(), this.#type()];
        this.#known++;
        return `St4pairI${a}${b}E`;
      }
    }
  }

  /** Mostly of the newest, which stand for most. */
  #substitution(): string {
    if (this.#random(6) === 0) return this.#pick(['St', 'Sa', 'Ss', 'So', 'Sb']);
    return `S${sequence(Math.max(0, this.#known - this.#random(3)))}_`;
  }
}

class Rust {
  readonly #random: Random;
  #text = '';
  #room: number;

  constructor(random: Random) {
    this.#random = random;
    this.#room = 10 + random(120);
  }

  name(): string {
    this.#path();
    return `_R${this.#text}`;
  }

  #add(text: string): void {
    this.#text += text;
  }

  #path(): void {
    this.#room--;
    const choice = this.#room < 0 ? -1 : this.#random(5);
    if (choice === -1) this.#add('C1a');
    else if (choice === 0) this.#add('Cs1234_1a');
    else if (choice === 1) this.#backReference();
    else if (choice === 2) {
      this.#add('Nv');
      this.#path();
      this.#add('1f');
    } else {
      this.#add('I');
      this.#path();
      this.#types();
    }
  }

  #type(): void {
    this.#room--;
    const choice = this.#room < 0 ? 0 : this.#random(6);
    if (choice === 0) this.#add('m');
    else if (choice === 1) this.#backReference();
    else if (choice === 2) {
      this.#add('R');
      this.#type();
    } else if (choice === 3) this.#path();
    else {
      this.#add('T');
      this.#types();
    }
  }

  #types(): void {
    for (let i = this.#random(4); i >= 0; i--) this.#type();
    this.#add('E');
  }

  /** To any place before. */
  #backReference(): void {
    const at = this.#random(Math.max(1, this.#text.length));
    this.#add(`B${at === 0 ? '' : base62(at - 1)}_`);
  }
}

function base62(n: number): string {
  const digits = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
  const rest = Math.floor(n / 62);
  return (rest > 0 ? base62(rest) : '') + digits[n % 62];
}
