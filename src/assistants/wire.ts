/**
 * The objects of the Assistants API (v2) as they are answered. A test holds them against the types of OpenAI's SDK.
 */

export type Metadata = Record<string, string>;

export interface FunctionTool {
  type: 'function';
  function: {
    name: string;
    description?: string;
    parameters?: Record<string, unknown>;
    strict?: boolean | null;
  };
}

export type Ranker = 'auto' | 'default_2024_08_21';

export interface FileSearchTool {
  type: 'file_search';
  file_search?: { max_num_results?: number; ranking_options?: { score_threshold: number; ranker?: Ranker } };
}

export interface CodeInterpreterTool {
  type: 'code_interpreter';
}

export type Tool = FunctionTool | FileSearchTool | CodeInterpreterTool;

export interface ToolResources {
  code_interpreter?: { file_ids?: string[] };
  file_search?: { vector_store_ids?: string[] };
}

export type ResponseFormat =
  | 'auto'
  | { type: 'text' }
  | { type: 'json_object' }
  | {
      type: 'json_schema';
      json_schema: {
        name: string;
        description?: string;
        schema?: Record<string, unknown>;
        strict?: boolean | null;
      };
    };

export type ToolChoice =
  | 'none'
  | 'auto'
  | 'required'
  | { type: 'function' | 'file_search' | 'code_interpreter'; function?: { name: string } };

export interface Assistant {
  id: string;
  object: 'assistant';
  /** Unix seconds, as are all times below. */
  created_at: number;
  name: string | null;
  description: string | null;
  model: string;
  instructions: string | null;
  tools: Tool[];
  top_p: number | null;
  temperature: number | null;
  reasoning_effort?: string | null;
  tool_resources: ToolResources | null;
  metadata: Metadata;
  response_format: ResponseFormat;
}

export interface Thread {
  id: string;
  object: 'thread';
  created_at: number;
  metadata: Metadata;
  tool_resources: ToolResources | null;
}

export interface Attachment {
  file_id?: string;
  tools?: ({ type: 'code_interpreter' } | { type: 'file_search' })[];
}

export type ImageDetail = 'auto' | 'low' | 'high';

export type Annotation =
  | {
      type: 'file_citation';
      text: string;
      start_index: number;
      end_index: number;
      file_citation: { file_id: string };
    }
  | {
      type: 'file_path';
      text: string;
      start_index: number;
      end_index: number;
      file_path: { file_id: string };
    };

export type MessageContent =
  | { type: 'text'; text: { value: string; annotations: Annotation[] } }
  | { type: 'refusal'; refusal: string }
  | { type: 'image_file'; image_file: { file_id: string; detail?: ImageDetail } }
  | { type: 'image_url'; image_url: { url: string; detail?: ImageDetail } };

export interface Message {
  id: string;
  object: 'thread.message';
  created_at: number;
  assistant_id: string | null;
  thread_id: string;
  run_id: string | null;
  status: 'in_progress' | 'incomplete' | 'completed';
  incomplete_details: {
    reason: 'content_filter' | 'max_tokens' | 'run_cancelled' | 'run_expired' | 'run_failed';
  } | null;
  incomplete_at: number | null;
  completed_at: number | null;
  role: 'user' | 'assistant';
  content: MessageContent[];
  attachments: Attachment[] | null;
  metadata: Metadata;
}

export type RunStatus =
  | 'queued'
  | 'in_progress'
  | 'requires_action'
  | 'cancelling'
  | 'cancelled'
  | 'failed'
  | 'completed'
  | 'incomplete'
  | 'expired';

export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
}

export interface LastError {
  code: 'server_error' | 'rate_limit_exceeded' | 'invalid_prompt';
  message: string;
}

export interface RequiredFunctionCall {
  id: string;
  type: 'function';
  function: { name: string; arguments: string };
}

export interface Run {
  id: string;
  object: 'thread.run';
  created_at: number;
  assistant_id: string;
  thread_id: string;
  status: RunStatus;
  started_at: number | null;
  expires_at: number | null;
  cancelled_at: number | null;
  failed_at: number | null;
  completed_at: number | null;
  required_action: {
    type: 'submit_tool_outputs';
    submit_tool_outputs: { tool_calls: RequiredFunctionCall[] };
  } | null;
  last_error: LastError | null;
  model: string;
  instructions: string;
  tools: Tool[];
  metadata: Metadata;
  temperature: number | null;
  top_p: number | null;
  reasoning_effort?: string | null;
  max_completion_tokens: number | null;
  max_prompt_tokens: number | null;
  truncation_strategy: { type: 'auto' | 'last_messages'; last_messages: number | null };
  incomplete_details: { reason: 'max_completion_tokens' | 'max_prompt_tokens' } | null;
  /** Null until the run has ended. */
  usage: Usage | null;
  response_format: ResponseFormat;
  tool_choice: ToolChoice;
  parallel_tool_calls: boolean;
}

export interface FileSearchResult {
  file_id: string;
  file_name: string;
  score: number;
  /** Only where the caller asked for it by `include[]`. */
  content?: { type: 'text'; text: string }[];
}

export type CodeOutput = { type: 'logs'; logs: string } | { type: 'image'; image: { file_id: string } };

export type ToolCall =
  | { id: string; type: 'function'; function: { name: string; arguments: string; output: string | null } }
  | {
      id: string;
      type: 'file_search';
      file_search: {
        ranking_options?: { ranker: Ranker; score_threshold: number };
        results?: FileSearchResult[];
      };
    }
  | { id: string; type: 'code_interpreter'; code_interpreter: { input: string; outputs: CodeOutput[] } };

export type StepDetails =
  | { type: 'message_creation'; message_creation: { message_id: string } }
  | { type: 'tool_calls'; tool_calls: ToolCall[] };

export interface RunStep {
  id: string;
  object: 'thread.run.step';
  created_at: number;
  run_id: string;
  assistant_id: string;
  thread_id: string;
  type: 'message_creation' | 'tool_calls';
  status: 'in_progress' | 'cancelled' | 'failed' | 'completed' | 'expired';
  cancelled_at: number | null;
  completed_at: number | null;
  expired_at: number | null;
  failed_at: number | null;
  last_error: { code: 'server_error' | 'rate_limit_exceeded'; message: string } | null;
  metadata: Metadata | null;
  step_details: StepDetails;
  /** Null while the step is in progress. */
  usage: Usage | null;
}

/** A page of a list. */
export interface Page<Item> {
  object: 'list';
  data: Item[];
  first_id: string | null;
  last_id: string | null;
  has_more: boolean;
}

export interface Deleted {
  id: string;
  object: 'assistant.deleted' | 'thread.deleted' | 'thread.message.deleted';
  deleted: true;
}
