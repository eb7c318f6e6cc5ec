import type { Message } from 'openai/resources/conversations/conversations';
import type {
  Response,
  ResponseCodeInterpreterToolCall,
  ResponseCompactionItem,
  ResponseFileSearchToolCall,
  ResponseFunctionToolCallItem,
  ResponseFunctionToolCallOutputItem,
  ResponseInputMessageItem,
  ResponseOutputMessage,
  ResponseReasoningItem,
  ResponseStreamEvent,
  ResponseUsage,
} from 'openai/resources/responses/responses';

/**
 * A response as it travels. It differs from the SDK's type in three ways: the SDK computes `output_text`, it
 * leaves out that `usage` is null until the response has ended, and it does not know the echoed `store`.
 */
export type WireResponse = Omit<Response, 'output_text' | 'usage'> & {
  usage: ResponseUsage | null;
  store: boolean;
};

/** A stream's event, with the response as it travels. */
export type WireEvent = AsTravelling<ResponseStreamEvent>;

type AsTravelling<E> = E extends { response: Response }
  ? Omit<E, 'response'> & { response: WireResponse }
  : E;

/** The items that the stand-in keeps, in lists of responses and of conversations alike. */
export type Item = InputMessage | OutputItem | ResponseFunctionToolCallOutputItem | ResponseCompactionItem;

export type InputMessage = ResponseInputMessageItem & Pick<Message, 'status'>;

/** The items that the stand-in's model puts out. */
export type OutputItem =
  | ResponseOutputMessage
  | ResponseFunctionToolCallItem
  | ResponseReasoningItem
  | ResponseFileSearchToolCall
  | ResponseCodeInterpreterToolCall;
