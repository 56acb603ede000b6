/** Times that make an outage short, so that a test sees hundreds of them. */
export const SHORT = {
  REVOKED_KEY_SECONDS: '1', LEASE_SECONDS: '4', SUBMIT_TIMEOUT_SECONDS: '2',
  POLL_INTERVAL_SECONDS: '0.5',
  LOOKUP_SECONDS: '2', LOG_LEVEL: 'info',
};

/** KILLS chooses how often a test kills; few unless told. */
export function kills(few: number): number {
  return Number(process.env.KILLS ?? few);
}
