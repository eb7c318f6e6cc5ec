/** For tests of what becomes of a single attempt: nothing is sent again, and no circuit opens. */
export const sentOnce = {
  ASSISTANT_PROXY_RETRY_MAX_ATTEMPTS: '1',
  ASSISTANT_PROXY_CIRCUIT_MIN_CALLS: '1000000',
};
