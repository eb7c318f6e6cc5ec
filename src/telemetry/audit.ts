/** What somebody may have to answer for later. */
export type AuditEvent =
  | 'denied'
  | 'opted_out'
  | 'deleted'
  | 'budget_reset'
  | 'log_level_changed'
  | 'configuration_changed'
  | 'configuration_refused';

/** Tells of an event by ids, names and numbers, never by content. */
export type Audit = (event: AuditEvent, fields: object) => void;
