/** Variables by name; undefined for one that the guest inherits. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The guest's variables; one to inherit that we don't have ourselves stays unset. */
export function environmentOf(asked: Environment, own: Environment): Record<string, string> {
  const variables: Record<string, string> = Object.create(null);
  for (const [name, given] of Object.entries(asked)) {
    const value = given ?? own[name];
    if (value !== undefined) variables[name] = value;
  }
  return variables;
}
