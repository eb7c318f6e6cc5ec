/** An answer with OpenAI's error body. Thrown by handlers; the server turns it into a reply. */
export class ApiError extends Error {
  readonly status: number;
  readonly body: ErrorBody;

  constructor(status: number, message: string, options: Partial<Omit<ErrorObject, 'message'>> = {}) {
    super(message);
    this.status = status;
    this.body = {
      error: {
        message,
        type: options.type ?? (status >= 500 ? 'server_error' : 'invalid_request_error'),
        param: options.param ?? null,
        code: options.code ?? null,
      },
    };
  }
}

/** OpenAI always sends all four keys. */
export interface ErrorObject {
  message: string;
  type: string;
  param: string | null;
  code: string | null;
}

export interface ErrorBody {
  error: ErrorObject;
}

/** 404 for an object that does not exist: `No such file: file-abc`. */
export function noSuch(kind: string, id: string): ApiError {
  return new ApiError(404, `No ${kind} found with id '${id}'.`, { param: 'id' });
}

/** 400 for a parameter that must be there. */
export function missing(param: string): ApiError {
  return new ApiError(400, `Missing required parameter: '${param}'.`, {
    param,
    code: 'missing_required_parameter',
  });
}

/** 400 for a parameter with a value that OpenAI refuses. */
export function invalid(param: string, message: string): ApiError {
  return new ApiError(400, message, { param, code: 'invalid_value' });
}
