/**
 * Every error that a caller can see. The README's table is generated from here, and nothing else in the
 * project chooses a status.
 */

export interface ErrorRow {
  readonly status: number;
  /** OpenAI's own types where one fits, so that SDKs raise the class an application already handles. */
  readonly type:
    | 'invalid_request_error'
    | 'insufficient_quota'
    | 'rate_limit_error'
    | 'api_error'
    | 'server_error';
  readonly message: string;
  /** Null where OpenAI's own error of this kind has no code. */
  readonly wireCode?: null;
}

export const errorTable = {
  malformed_request: {
    status: 400,
    type: 'invalid_request_error',
    message: 'The request is not valid HTTP. Send a well-formed HTTP/1.1 request.',
  },
  malformed_path: {
    status: 400,
    type: 'invalid_request_error',
    message:
      'The path must be plain: one that starts with /v1/ or /openai/, without `..`, empty or encoded-slash segments, and without a host.',
  },
  malformed_json: {
    status: 400,
    type: 'invalid_request_error',
    message: 'The body is not valid JSON in UTF-8. Check for truncation and stray bytes.',
  },
  malformed_multipart: {
    status: 400,
    type: 'invalid_request_error',
    message: 'The body is not valid multipart/form-data. Check its boundary, and that it was not cut off.',
  },
  pii_blocked: {
    status: 400,
    type: 'invalid_request_error',
    message:
      'The request holds personal data or secrets that must not leave (redaction mode `block`). Remove them.',
  },
  unscannable_upload: {
    status: 400,
    type: 'invalid_request_error',
    message:
      'A part of the upload can not be scanned for personal data. Send text in UTF-8, or declare the content type of what is no text.',
  },
  invalid_api_key: {
    status: 401,
    type: 'invalid_request_error',
    message: 'This sidecar does not know the API key. Send one of auth.keys as a bearer token.',
  },
  unknown_operation: {
    status: 404,
    type: 'invalid_request_error',
    message: 'This sidecar passes only operations it knows (upstream.unknownOperations is `deny`).',
  },
  websocket_unsupported: {
    status: 501,
    type: 'invalid_request_error',
    message: 'This sidecar does not carry WebSockets. Use the HTTP form of the operation.',
  },
  missing_required_parameter: {
    status: 400,
    type: 'invalid_request_error',
    message: 'A required parameter is missing.',
  },
  unknown_parameter: {
    status: 400,
    type: 'invalid_request_error',
    message: 'The operation has no such parameter.',
  },
  invalid_type: {
    status: 400,
    type: 'invalid_request_error',
    message: 'A parameter has the wrong type.',
  },
  invalid_value: {
    status: 400,
    type: 'invalid_request_error',
    message: 'A parameter has a value that is not supported.',
  },
  integer_below_min_value: {
    status: 400,
    type: 'invalid_request_error',
    message: 'A number is too small.',
  },
  integer_above_max_value: {
    status: 400,
    type: 'invalid_request_error',
    message: 'A number is too large.',
  },
  decimal_below_min_value: {
    status: 400,
    type: 'invalid_request_error',
    message: 'A number is too small.',
  },
  decimal_above_max_value: {
    status: 400,
    type: 'invalid_request_error',
    message: 'A number is too large.',
  },
  string_above_max_length: {
    status: 400,
    type: 'invalid_request_error',
    message: 'A text is too long.',
  },
  array_above_max_length: {
    status: 400,
    type: 'invalid_request_error',
    message: 'A list is too long.',
  },
  object_above_max_properties: {
    status: 400,
    type: 'invalid_request_error',
    message: 'A mapping has too many entries.',
  },
  invalid_beta: {
    status: 400,
    type: 'invalid_request_error',
    message:
      "You must provide the 'OpenAI-Beta' header to access the Assistants API. Please try again by setting the header 'OpenAI-Beta: assistants=v2'.",
  },
  unsupported_tool: {
    status: 400,
    type: 'invalid_request_error',
    message: 'The upstream of this sidecar can not serve one of the tools.',
  },
  thread_locked: {
    status: 400,
    type: 'invalid_request_error',
    message: 'The thread has an active run. Wait for its end, or cancel it.',
    wireCode: null,
  },
  wrong_run_status: {
    status: 400,
    type: 'invalid_request_error',
    message: 'The run is in a status that does not allow this.',
    wireCode: null,
  },
  wrong_tool_outputs: {
    status: 400,
    type: 'invalid_request_error',
    message: 'The tool outputs are not those that the run waits for.',
    wireCode: null,
  },
  no_such_object: {
    status: 404,
    type: 'invalid_request_error',
    message: 'There is no such object.',
    wireCode: null,
  },
  request_timeout: {
    status: 408,
    type: 'invalid_request_error',
    message: 'The request did not arrive in time. Send it without long pauses.',
  },
  idempotency_key_reused: {
    status: 409,
    type: 'invalid_request_error',
    message:
      'This Idempotency-Key was used before, for another request. Send the very same request with it, or use another key.',
  },
  idempotent_answer_too_large: {
    status: 409,
    type: 'invalid_request_error',
    message:
      'The call with this Idempotency-Key was made and answered, but its answer is larger than idempotency.maxAnswerBytes, and was not kept. Use another key to make it again.',
  },
  body_too_large: {
    status: 413,
    type: 'invalid_request_error',
    message: 'The JSON body is larger than listen.maxBodyBytes. Send less, or upload it as a file.',
  },
  unsupported_media_type: {
    status: 415,
    type: 'invalid_request_error',
    message: 'The content type does not fit the operation.',
  },
  headers_too_large: {
    status: 431,
    type: 'invalid_request_error',
    message: 'The request headers are larger than 16 KiB. Send fewer or shorter headers.',
  },
  budget_exceeded: {
    status: 429,
    type: 'insufficient_quota',
    message: 'A budget can not pay for this call.',
  },
  rate_limit_exceeded: {
    status: 429,
    type: 'rate_limit_error',
    message: 'A rate limit was reached.',
  },
  internal_error: {
    status: 500,
    type: 'server_error',
    message: 'The sidecar failed on this request. Its log has the cause under the request id.',
  },
  upstream_unreachable: {
    status: 502,
    type: 'api_error',
    message: 'The upstream could not be reached, or broke off before it answered.',
  },
  upstream_redirected: {
    status: 502,
    type: 'api_error',
    message:
      'The upstream answered with a redirect, which the sidecar never follows. Check upstream.baseUrl.',
  },
  circuit_open: {
    status: 503,
    type: 'server_error',
    message:
      'The upstream fails or is slow, so nothing is sent to it for a moment. Try again after Retry-After.',
  },
  overloaded: {
    status: 503,
    type: 'server_error',
    message:
      'The upstream has as many calls as it is given at one time (overload.maxConcurrent), and the queue is full or too slow. Try again after Retry-After.',
  },
  redaction_failed: {
    status: 503,
    type: 'server_error',
    message:
      'Personal data could not be looked for or replaced, and without that nothing is sent. Try again in a moment.',
  },
  store_unavailable: {
    status: 503,
    type: 'server_error',
    message:
      'The store did not answer, and without it (or with onStoreOutage `deny`) the call can not be served. Try again in a moment.',
  },
  upstream_timeout: {
    status: 504,
    type: 'api_error',
    message: 'The upstream did not answer in time.',
  },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof errorTable;
