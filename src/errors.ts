/** Every error that a caller can see. The README's table is generated from here. */
export const errorTable = {
  internal_error: {
    status: 500,
    type: 'server_error',
    message: 'The sidecar failed on this request. Its log has the cause under the request id.',
  },
} as const;
