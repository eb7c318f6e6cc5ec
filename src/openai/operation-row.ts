/** What a request's body is: `any` may be JSON, multipart or something else; `none` expects no body. */
export type RequestBodyKind = 'none' | 'json' | 'multipart' | 'any';

/** The object whose `usage` the answer carries; in a stream it is the object that the events carry. */
export type UsageShape =
  | 'response'
  | 'chatCompletion'
  | 'completion'
  | 'embedding'
  | 'decision'
  | 'run'
  | 'batch'
  | 'image'
  | 'transcription'
  | 'speech';

/** Name, method and path, and then what the request's body and the answer's usage are, if they have any. */
export type OperationRow = readonly [
  name: string,
  route: `${'GET' | 'POST' | 'DELETE'} /${string}`,
  requestBody?: RequestBodyKind,
  usage?: UsageShape,
];
