// For typedoc: the comment of a type documents its anonymous parts too, such as the cases of a union.

import { Converter, ReflectionKind } from 'typedoc';

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    const parts = Object.values(project.reflections).filter(
      (reflection) =>
        reflection.kindOf(ReflectionKind.Property) &&
        reflection.parent?.kindOf(ReflectionKind.TypeLiteral) &&
        !reflection.hasComment(),
    );
    const names = new Set(parts.map((part) => part.getFriendlyFullName()));
    app.options.setValue('intentionallyNotDocumented', [...names]);
  });
}
