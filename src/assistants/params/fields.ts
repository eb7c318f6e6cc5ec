/** The kinds of parameters that the schemas of the request bodies are made of. */
import Type from 'typebox';

/** An object without any other parameters than these. */
export function object<const Properties extends Type.TProperties>(properties: Properties) {
  return Type.Object(properties, { additionalProperties: false });
}

/** May be left out; null counts as that. */
export function optional<Schema extends Type.TSchema>(schema: Schema) {
  return Type.Optional(schema);
}

/** May be left out, and null says something else than that. */
export function clearable<Schema extends Type.TSchema>(schema: Schema) {
  return Type.Optional(Type.Union([schema, Type.Null()]));
}

export function text(maxLength?: number) {
  return Type.String(maxLength === undefined ? {} : { maxLength });
}

/** 16 pairs; the lengths are OpenAI's. */
export const metadata = Type.Record(Type.String(), Type.String({ maxLength: 512 }), {
  maxProperties: 16,
  propertyNames: Type.String({ maxLength: 64 }),
});

/** A mapping of which nothing is known, such as a JSON schema. */
export const anyMapping = Type.Record(Type.String(), Type.Unknown());

export const temperature = Type.Number({ minimum: 0, maximum: 2 });
export const topP = Type.Number({ minimum: 0, maximum: 1 });
