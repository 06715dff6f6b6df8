// For typedoc: the comment of a type documents its anonymous parts too, such as the cases of a union; and guides are called
// what their headings say.

import { Converter, ReflectionKind } from 'typedoc';

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const document of project.getReflectionsByKind(ReflectionKind.Document)) {
      const [heading] = document.content;
      const [, title] = /^# (.+)$/m.exec(heading?.text ?? '') ?? [];
      if (title !== undefined) document.name = title;
    }
  });
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
