/**
 * The strings of request bodies that are no enumerations, by the operations that take them: paths of members, `[]` for
 * a list's element, `*` for a name of the caller's own. What is not text stays untouched, and is told by its kind.
 */
// oxfmt-ignore
export const requestFields: readonly RequestFields[] = [
  {
    operations: 'assistants.create assistants.update audio.speech.create chat.completions.create completions.create embeddings.create fineTuning.jobs.create images.generate moderations.create realtime.calls.accept responses.compact responses.create responses.inputTokens.count threads.createAndRun threads.runs.create',
    token: 'model',
  },
  {
    operations: 'assistants.create assistants.update audio.speech.create realtime.calls.accept realtime.sessions.create responses.compact responses.create responses.inputTokens.count threads.createAndRun threads.runs.create',
    text: 'instructions',
  },
  {
    operations: 'assistants.create assistants.update audio.voiceConsents.update containers.create evals.create evals.runs.create evals.update organization.adminAPIKeys.create organization.certificates.create organization.certificates.update organization.groups.create organization.groups.update organization.projects.create organization.projects.serviceAccounts.apiKeys.create organization.projects.serviceAccounts.create organization.projects.serviceAccounts.update organization.projects.update vectorStores.create vectorStores.update',
    text: 'name',
  },
  {
    operations: 'assistants.create assistants.update batches.create chat.completions.create chat.completions.update conversations.create conversations.update evals.create evals.runs.create evals.update fineTuning.jobs.create responses.create threads.create threads.createAndRun threads.messages.create threads.messages.update threads.runs.create threads.runs.update threads.update vectorStores.create vectorStores.update',
    text: 'metadata.*',
  },
  {
    operations: 'assistants.create assistants.update chat.completions.create threads.createAndRun threads.runs.create',
    text: 'response_format.json_schema.description tools[].function.description',
    token: 'response_format.json_schema.name tools[].function.name',
    schema: 'response_format.json_schema.schema.* tools[].function.parameters.*',
  },
  {
    operations: 'assistants.create assistants.update organization.projects.roles.create organization.projects.roles.update organization.roles.create organization.roles.update vectorStores.create',
    text: 'description',
  },
  {
    operations: 'assistants.create assistants.update threads.create threads.createAndRun threads.update',
    id: 'tool_resources.code_interpreter.file_ids[] tool_resources.file_search.vector_store_ids[]',
  },
  {
    operations: 'assistants.create threads.create',
    text: 'tool_resources.file_search.vector_stores[].metadata.*',
    id: 'tool_resources.file_search.vector_stores[].file_ids[]',
  },
  {
    operations: 'audio.speech.create embeddings.create moderations.create responses.compact responses.create responses.inputTokens.count',
    text: 'input',
  },
  {
    operations: 'audio.speech.create realtime.sessions.create',
    id: 'voice.id',
    token: 'voice',
  },
  {
    operations: 'batches.create',
    id: 'input_file_id',
  },
  {
    operations: 'chat.completions.create',
    text: 'functions[].description messages[].content[].file.filename messages[].content[].refusal messages[].function_call.arguments messages[].name messages[].refusal messages[].tool_calls[].custom.input messages[].tool_calls[].function.arguments prediction.content prediction.content[].text tool_choice.allowed_tools.tools[].* tools[].custom.description tools[].custom.format.grammar.definition web_search_options.user_location.approximate.city web_search_options.user_location.approximate.country web_search_options.user_location.approximate.region web_search_options.user_location.approximate.timezone',
    id: 'audio.voice.id messages[].audio.id messages[].content[].file.file_id messages[].tool_call_id messages[].tool_calls[].id',
    token: 'audio.voice function_call.name functions[].name messages[].function_call.name messages[].tool_calls[].custom.name messages[].tool_calls[].function.name tool_choice.custom.name tools[].custom.name',
    base64: 'messages[].content[].file.file_data messages[].content[].input_audio.data',
    schema: 'functions[].parameters.*',
  },
  {
    operations: 'chat.completions.create chatkit.sessions.create completions.create embeddings.create images.generate responses.create',
    text: 'user',
  },
  {
    operations: 'chat.completions.create completions.create',
    text: 'stop stop[]',
  },
  {
    operations: 'chat.completions.create responses.compact responses.create',
    text: 'prompt_cache_key',
  },
  {
    operations: 'chat.completions.create responses.create',
    text: 'safety_identifier',
    token: 'moderation.model',
  },
  {
    operations: 'chat.completions.create threads.create',
    text: 'messages[].content messages[].content[].text',
    url: 'messages[].content[].image_url.url',
  },
  {
    operations: 'chat.completions.create threads.createAndRun threads.runs.create',
    token: 'tool_choice.function.name',
  },
  {
    operations: 'chatkit.sessions.create',
    text: 'workflow.state_variables.* workflow.version',
    id: 'workflow.id',
  },
  {
    operations: 'completions.create',
    text: 'prompt[]',
  },
  {
    operations: 'completions.create fineTuning.jobs.create',
    text: 'suffix',
  },
  {
    operations: 'completions.create images.generate videos.remix',
    text: 'prompt',
  },
  {
    operations: 'containers.create',
    text: 'network_policy.allowed_domains[] skills[].description skills[].name skills[].version',
    id: 'skills[].skill_id',
    base64: 'skills[].source.data',
    secret: 'network_policy.domain_secrets[].domain network_policy.domain_secrets[].name network_policy.domain_secrets[].value',
  },
  {
    operations: 'containers.create vectorStores.create vectorStores.fileBatches.create',
    id: 'file_ids[]',
  },
  {
    operations: 'containers.files.create',
    text: 'file',
  },
  {
    operations: 'containers.files.create vectorStores.files.create',
    id: 'file_id',
  },
  {
    operations: 'conversations.create conversations.items.create',
    text: 'items[].acknowledged_safety_checks[].code items[].acknowledged_safety_checks[].message items[].action.command[] items[].action.commands[] items[].action.env.* items[].action.keys[] items[].action.pattern items[].action.queries[] items[].action.query items[].action.sources[].url items[].action.text items[].action.url items[].action.user items[].action.working_directory items[].actions[].keys[] items[].actions[].text items[].arguments items[].arguments.* items[].code items[].content items[].content[].annotations[].filename items[].content[].annotations[].title items[].content[].annotations[].url items[].content[].filename items[].content[].refusal items[].content[].text items[].environment.skills[].description items[].environment.skills[].name items[].environment.skills[].path items[].error items[].error.message items[].input items[].operation.diff items[].operation.path items[].output items[].output[].filename items[].output[].stderr items[].output[].stdout items[].output[].text items[].outputs[].logs items[].pending_safety_checks[].code items[].pending_safety_checks[].message items[].queries[] items[].reason items[].results[].attributes.* items[].results[].filename items[].results[].text items[].summary[].text items[].tools[].annotations.* items[].tools[].container.network_policy.allowed_domains[] items[].tools[].description items[].tools[].environment.network_policy.allowed_domains[] items[].tools[].environment.skills[].description items[].tools[].environment.skills[].name items[].tools[].environment.skills[].path items[].tools[].environment.skills[].version items[].tools[].filters.allowed_domains[] items[].tools[].filters.filters[].key items[].tools[].filters.filters[].value items[].tools[].filters.filters[].value[] items[].tools[].filters.key items[].tools[].filters.value items[].tools[].filters.value[] items[].tools[].format.definition items[].tools[].server_description items[].tools[].size items[].tools[].tools[].description items[].tools[].tools[].format.definition items[].tools[].user_location.city items[].tools[].user_location.country items[].tools[].user_location.region items[].tools[].user_location.timezone',
    id: 'items[].acknowledged_safety_checks[].id items[].approval_request_id items[].call_id items[].caller.caller_id items[].container_id items[].content[].annotations[].container_id items[].content[].annotations[].file_id items[].content[].file_id items[].environment.container_id items[].id items[].output.file_id items[].output[].file_id items[].pending_safety_checks[].id items[].results[].file_id items[].tools[].container.file_ids[] items[].tools[].environment.container_id items[].tools[].environment.file_ids[] items[].tools[].environment.skills[].skill_id items[].tools[].input_image_mask.file_id items[].tools[].tunnel_id items[].tools[].vector_store_ids[]',
    token: 'items[].fingerprint items[].name items[].namespace items[].server_label items[].tools[].allowed_tools.tool_names[] items[].tools[].allowed_tools[] items[].tools[].container items[].tools[].headers.* items[].tools[].model items[].tools[].name items[].tools[].require_approval.always.tool_names[] items[].tools[].require_approval.never.tool_names[] items[].tools[].server_label items[].tools[].tools[].name',
    url: 'items[].content[].file_url items[].content[].image_url items[].output.image_url items[].output[].file_url items[].output[].image_url items[].outputs[].url items[].tools[].input_image_mask.image_url items[].tools[].server_url',
    base64: 'items[].content[].file_data items[].encrypted_content items[].output[].file_data items[].result items[].tools[].environment.skills[].source.data',
    schema: 'items[].tools[].input_schema.* items[].tools[].parameters.* items[].tools[].tools[].parameters.*',
    secret: 'items[].tools[].authorization items[].tools[].container.network_policy.domain_secrets[].domain items[].tools[].container.network_policy.domain_secrets[].name items[].tools[].container.network_policy.domain_secrets[].value items[].tools[].environment.network_policy.domain_secrets[].domain items[].tools[].environment.network_policy.domain_secrets[].name items[].tools[].environment.network_policy.domain_secrets[].value',
  },
  {
    operations: 'embeddings.create moderations.create',
    text: 'input[]',
  },
  {
    operations: 'evals.create',
    text: 'data_source_config.metadata.* testing_criteria[].image_tag testing_criteria[].input testing_criteria[].input[].content testing_criteria[].input[].content.detail testing_criteria[].input[].content.text testing_criteria[].input[].content[] testing_criteria[].input[].content[].detail testing_criteria[].input[].content[].text testing_criteria[].labels[] testing_criteria[].name testing_criteria[].passing_labels[] testing_criteria[].reference testing_criteria[].source',
    token: 'testing_criteria[].input[].role testing_criteria[].model',
    url: 'testing_criteria[].input[].content.image_url testing_criteria[].input[].content[].image_url',
    base64: 'testing_criteria[].input[].content.input_audio.data testing_criteria[].input[].content[].input_audio.data',
    schema: 'data_source_config.item_schema.*',
  },
  {
    operations: 'evals.runs.create',
    text: 'data_source.input_messages.item_reference data_source.input_messages.template[].content data_source.input_messages.template[].content.detail data_source.input_messages.template[].content.text data_source.input_messages.template[].content[] data_source.input_messages.template[].content[].detail data_source.input_messages.template[].content[].filename data_source.input_messages.template[].content[].text data_source.sampling_params.response_format.json_schema.description data_source.sampling_params.text.format.description data_source.sampling_params.tools[].container.network_policy.allowed_domains[] data_source.sampling_params.tools[].description data_source.sampling_params.tools[].environment.network_policy.allowed_domains[] data_source.sampling_params.tools[].environment.skills[].description data_source.sampling_params.tools[].environment.skills[].name data_source.sampling_params.tools[].environment.skills[].path data_source.sampling_params.tools[].environment.skills[].version data_source.sampling_params.tools[].filters.allowed_domains[] data_source.sampling_params.tools[].filters.filters[].key data_source.sampling_params.tools[].filters.filters[].value data_source.sampling_params.tools[].filters.filters[].value[] data_source.sampling_params.tools[].filters.key data_source.sampling_params.tools[].filters.value data_source.sampling_params.tools[].filters.value[] data_source.sampling_params.tools[].format.definition data_source.sampling_params.tools[].function.description data_source.sampling_params.tools[].server_description data_source.sampling_params.tools[].size data_source.sampling_params.tools[].tools[].description data_source.sampling_params.tools[].tools[].format.definition data_source.sampling_params.tools[].user_location.city data_source.sampling_params.tools[].user_location.country data_source.sampling_params.tools[].user_location.region data_source.sampling_params.tools[].user_location.timezone data_source.source.content[].item.* data_source.source.content[].sample.* data_source.source.instructions_search data_source.source.metadata.* data_source.source.tools[] data_source.source.users[]',
    id: 'data_source.input_messages.template[].content[].file_id data_source.sampling_params.tools[].container.file_ids[] data_source.sampling_params.tools[].environment.container_id data_source.sampling_params.tools[].environment.file_ids[] data_source.sampling_params.tools[].environment.skills[].skill_id data_source.sampling_params.tools[].input_image_mask.file_id data_source.sampling_params.tools[].tunnel_id data_source.sampling_params.tools[].vector_store_ids[] data_source.source.id',
    token: 'data_source.input_messages.template[].role data_source.model data_source.sampling_params.response_format.json_schema.name data_source.sampling_params.text.format.name data_source.sampling_params.tools[].allowed_tools.tool_names[] data_source.sampling_params.tools[].allowed_tools[] data_source.sampling_params.tools[].container data_source.sampling_params.tools[].function.name data_source.sampling_params.tools[].headers.* data_source.sampling_params.tools[].model data_source.sampling_params.tools[].name data_source.sampling_params.tools[].require_approval.always.tool_names[] data_source.sampling_params.tools[].require_approval.never.tool_names[] data_source.sampling_params.tools[].server_label data_source.sampling_params.tools[].tools[].name data_source.source.model',
    url: 'data_source.input_messages.template[].content.image_url data_source.input_messages.template[].content[].file_url data_source.input_messages.template[].content[].image_url data_source.sampling_params.tools[].input_image_mask.image_url data_source.sampling_params.tools[].server_url',
    base64: 'data_source.input_messages.template[].content.input_audio.data data_source.input_messages.template[].content[].file_data data_source.input_messages.template[].content[].input_audio.data data_source.sampling_params.tools[].environment.skills[].source.data',
    schema: 'data_source.sampling_params.response_format.json_schema.schema.* data_source.sampling_params.text.format.schema.* data_source.sampling_params.tools[].function.parameters.* data_source.sampling_params.tools[].parameters.* data_source.sampling_params.tools[].tools[].parameters.*',
    secret: 'data_source.sampling_params.tools[].authorization data_source.sampling_params.tools[].container.network_policy.domain_secrets[].domain data_source.sampling_params.tools[].container.network_policy.domain_secrets[].name data_source.sampling_params.tools[].container.network_policy.domain_secrets[].value data_source.sampling_params.tools[].environment.network_policy.domain_secrets[].domain data_source.sampling_params.tools[].environment.network_policy.domain_secrets[].name data_source.sampling_params.tools[].environment.network_policy.domain_secrets[].value',
  },
  {
    operations: 'fineTuning.alpha.graders.run',
    text: 'item.* model_sample',
  },
  {
    operations: 'fineTuning.alpha.graders.run fineTuning.alpha.graders.validate',
    text: 'grader.calculate_output grader.graders.image_tag grader.graders.input grader.graders.input[].content grader.graders.input[].content.detail grader.graders.input[].content.text grader.graders.input[].content[] grader.graders.input[].content[].detail grader.graders.input[].content[].text grader.graders.labels[] grader.graders.name grader.graders.passing_labels[] grader.graders.reference grader.graders.source grader.image_tag grader.input grader.input[].content grader.input[].content.detail grader.input[].content.text grader.input[].content[] grader.input[].content[].detail grader.input[].content[].text grader.name grader.reference grader.source',
    token: 'grader.graders.model grader.model',
    url: 'grader.graders.input[].content.image_url grader.graders.input[].content[].image_url grader.input[].content.image_url grader.input[].content[].image_url',
    base64: 'grader.graders.input[].content.input_audio.data grader.graders.input[].content[].input_audio.data grader.input[].content.input_audio.data grader.input[].content[].input_audio.data',
  },
  {
    operations: 'fineTuning.checkpoints.permissions.create',
    id: 'project_ids[]',
  },
  {
    operations: 'fineTuning.jobs.create',
    text: 'integrations[].wandb.entity integrations[].wandb.name integrations[].wandb.project integrations[].wandb.tags[] method.reinforcement.grader.calculate_output method.reinforcement.grader.graders.image_tag method.reinforcement.grader.graders.input method.reinforcement.grader.graders.input[].content method.reinforcement.grader.graders.input[].content.detail method.reinforcement.grader.graders.input[].content.text method.reinforcement.grader.graders.input[].content[] method.reinforcement.grader.graders.input[].content[].detail method.reinforcement.grader.graders.input[].content[].text method.reinforcement.grader.graders.labels[] method.reinforcement.grader.graders.name method.reinforcement.grader.graders.passing_labels[] method.reinforcement.grader.graders.reference method.reinforcement.grader.graders.source method.reinforcement.grader.image_tag method.reinforcement.grader.input method.reinforcement.grader.input[].content method.reinforcement.grader.input[].content.detail method.reinforcement.grader.input[].content.text method.reinforcement.grader.input[].content[] method.reinforcement.grader.input[].content[].detail method.reinforcement.grader.input[].content[].text method.reinforcement.grader.name method.reinforcement.grader.reference method.reinforcement.grader.source',
    token: 'method.reinforcement.grader.graders.model method.reinforcement.grader.model training_file validation_file',
    url: 'method.reinforcement.grader.graders.input[].content.image_url method.reinforcement.grader.graders.input[].content[].image_url method.reinforcement.grader.input[].content.image_url method.reinforcement.grader.input[].content[].image_url',
    base64: 'method.reinforcement.grader.graders.input[].content.input_audio.data method.reinforcement.grader.graders.input[].content[].input_audio.data method.reinforcement.grader.input[].content.input_audio.data method.reinforcement.grader.input[].content[].input_audio.data',
  },
  {
    operations: 'images.generate',
    text: 'size',
  },
  {
    operations: 'moderations.create',
    text: 'input[].text',
    url: 'input[].image_url.url',
  },
  {
    operations: 'organization.certificates.activate organization.certificates.deactivate organization.projects.certificates.activate organization.projects.certificates.deactivate',
    id: 'certificate_ids[]',
  },
  {
    operations: 'organization.certificates.create',
    address: 'certificate',
  },
  {
    operations: 'organization.groups.roles.create organization.projects.groups.roles.create organization.projects.users.roles.create organization.users.roles.create organization.users.update',
    id: 'role_id',
  },
  {
    operations: 'organization.groups.users.create organization.projects.users.create',
    id: 'user_id',
  },
  {
    operations: 'organization.invites.create',
    id: 'projects[].id',
  },
  {
    operations: 'organization.invites.create organization.projects.users.create',
    address: 'email',
  },
  {
    operations: 'organization.projects.create organization.projects.update',
    text: 'geography',
    id: 'external_key_id',
  },
  {
    operations: 'organization.projects.groups.create',
    id: 'group_id',
  },
  {
    operations: 'organization.projects.groups.create organization.projects.users.create organization.projects.users.update organization.users.update',
    token: 'role',
  },
  {
    operations: 'organization.projects.modelPermissions.update',
    id: 'model_ids[]',
  },
  {
    operations: 'organization.projects.roles.create organization.projects.roles.update organization.roles.create organization.roles.update',
    text: 'permissions[] role_name',
  },
  {
    operations: 'organization.projects.serviceAccounts.apiKeys.create',
    text: 'scopes[]',
  },
  {
    operations: 'organization.projects.spendAlerts.create organization.projects.spendAlerts.update organization.spendAlerts.create organization.spendAlerts.update',
    text: 'notification_channel.subject_prefix',
    address: 'notification_channel.recipients[]',
  },
  {
    operations: 'organization.users.update',
    text: 'developer_persona technical_level',
  },
  {
    operations: 'realtime.calls.accept',
    text: 'audio.input.transcription.keywords[] audio.input.transcription.language audio.input.transcription.languages[] audio.input.transcription.prompt',
    id: 'audio.output.voice.id',
    token: 'audio.input.transcription.model audio.output.voice',
  },
  {
    operations: 'realtime.calls.accept realtime.sessions.create',
    text: 'tracing.metadata.* tracing.workflow_name',
    id: 'tracing.group_id',
  },
  {
    operations: 'realtime.calls.accept realtime.sessions.create responses.create',
    text: 'prompt.variables.* prompt.variables.*.filename prompt.variables.*.text prompt.version',
    id: 'prompt.id prompt.variables.*.file_id',
    url: 'prompt.variables.*.file_url prompt.variables.*.image_url',
    base64: 'prompt.variables.*.file_data',
  },
  {
    operations: 'realtime.calls.accept realtime.sessions.create responses.create responses.inputTokens.count',
    text: 'tools[].description',
    token: 'tools[].name',
    schema: 'tools[].parameters.*',
  },
  {
    operations: 'realtime.calls.accept responses.create responses.inputTokens.count',
    text: 'tools[].server_description',
    id: 'tools[].tunnel_id',
    token: 'tool_choice.name tool_choice.server_label tools[].allowed_tools.tool_names[] tools[].allowed_tools[] tools[].headers.* tools[].require_approval.always.tool_names[] tools[].require_approval.never.tool_names[] tools[].server_label',
    url: 'tools[].server_url',
    secret: 'tools[].authorization',
  },
  {
    operations: 'realtime.calls.refer',
    address: 'target_uri',
  },
  {
    operations: 'realtime.clientSecrets.create',
    text: 'session.audio.input.transcription.keywords[] session.audio.input.transcription.language session.audio.input.transcription.languages[] session.audio.input.transcription.prompt session.instructions session.prompt.variables.* session.prompt.variables.*.filename session.prompt.variables.*.text session.prompt.version session.tools[].description session.tools[].server_description session.tracing.metadata.* session.tracing.workflow_name',
    id: 'session.audio.output.voice.id session.prompt.id session.prompt.variables.*.file_id session.tools[].tunnel_id session.tracing.group_id',
    token: 'session.audio.output.voice session.tool_choice.name session.tool_choice.server_label session.tools[].allowed_tools.tool_names[] session.tools[].allowed_tools[] session.tools[].headers.* session.tools[].name session.tools[].require_approval.always.tool_names[] session.tools[].require_approval.never.tool_names[] session.tools[].server_label',
    url: 'session.prompt.variables.*.file_url session.prompt.variables.*.image_url session.tools[].server_url',
    base64: 'session.prompt.variables.*.file_data',
    schema: 'session.tools[].parameters.*',
    secret: 'session.tools[].authorization',
  },
  {
    operations: 'realtime.clientSecrets.create realtime.translations.clientSecrets.create',
    token: 'session.audio.input.transcription.model session.model',
  },
  {
    operations: 'realtime.sessions.create',
    text: 'input_audio_format output_audio_format',
    token: 'tool_choice turn_detection.type',
    secret: 'client_secret.value',
  },
  {
    operations: 'realtime.sessions.create realtime.transcriptionSessions.create',
    token: 'input_audio_transcription.model',
  },
  {
    operations: 'realtime.transcriptionSessions.create',
    text: 'input_audio_transcription.keywords[] input_audio_transcription.language input_audio_transcription.languages[] input_audio_transcription.prompt',
  },
  {
    operations: 'realtime.translations.clientSecrets.create',
    text: 'session.audio.output.language',
  },
  {
    operations: 'responses.compact responses.create responses.inputTokens.count',
    text: 'input[].acknowledged_safety_checks[].code input[].acknowledged_safety_checks[].message input[].action.command[] input[].action.commands[] input[].action.env.* input[].action.keys[] input[].action.pattern input[].action.queries[] input[].action.query input[].action.sources[].url input[].action.text input[].action.url input[].action.user input[].action.working_directory input[].actions[].keys[] input[].actions[].text input[].arguments input[].arguments.* input[].code input[].content input[].content[].annotations[].filename input[].content[].annotations[].title input[].content[].annotations[].url input[].content[].filename input[].content[].refusal input[].content[].text input[].environment.skills[].description input[].environment.skills[].name input[].environment.skills[].path input[].error input[].error.message input[].input input[].operation.diff input[].operation.path input[].output input[].output[].filename input[].output[].stderr input[].output[].stdout input[].output[].text input[].outputs[].logs input[].pending_safety_checks[].code input[].pending_safety_checks[].message input[].queries[] input[].reason input[].results[].attributes.* input[].results[].filename input[].results[].text input[].summary[].text input[].tools[].annotations.* input[].tools[].container.network_policy.allowed_domains[] input[].tools[].description input[].tools[].environment.network_policy.allowed_domains[] input[].tools[].environment.skills[].description input[].tools[].environment.skills[].name input[].tools[].environment.skills[].path input[].tools[].environment.skills[].version input[].tools[].filters.allowed_domains[] input[].tools[].filters.filters[].key input[].tools[].filters.filters[].value input[].tools[].filters.filters[].value[] input[].tools[].filters.key input[].tools[].filters.value input[].tools[].filters.value[] input[].tools[].format.definition input[].tools[].server_description input[].tools[].size input[].tools[].tools[].description input[].tools[].tools[].format.definition input[].tools[].user_location.city input[].tools[].user_location.country input[].tools[].user_location.region input[].tools[].user_location.timezone',
    id: 'input[].acknowledged_safety_checks[].id input[].approval_request_id input[].call_id input[].caller.caller_id input[].container_id input[].content[].annotations[].container_id input[].content[].annotations[].file_id input[].content[].file_id input[].environment.container_id input[].id input[].output.file_id input[].output[].file_id input[].pending_safety_checks[].id input[].results[].file_id input[].tools[].container.file_ids[] input[].tools[].environment.container_id input[].tools[].environment.file_ids[] input[].tools[].environment.skills[].skill_id input[].tools[].input_image_mask.file_id input[].tools[].tunnel_id input[].tools[].vector_store_ids[] previous_response_id',
    token: 'input[].fingerprint input[].name input[].namespace input[].server_label input[].tools[].allowed_tools.tool_names[] input[].tools[].allowed_tools[] input[].tools[].container input[].tools[].headers.* input[].tools[].model input[].tools[].name input[].tools[].require_approval.always.tool_names[] input[].tools[].require_approval.never.tool_names[] input[].tools[].server_label input[].tools[].tools[].name',
    url: 'input[].content[].file_url input[].content[].image_url input[].output.image_url input[].output[].file_url input[].output[].image_url input[].outputs[].url input[].tools[].input_image_mask.image_url input[].tools[].server_url',
    base64: 'input[].content[].file_data input[].encrypted_content input[].output[].file_data input[].result input[].tools[].environment.skills[].source.data',
    schema: 'input[].tools[].input_schema.* input[].tools[].parameters.* input[].tools[].tools[].parameters.*',
    secret: 'input[].tools[].authorization input[].tools[].container.network_policy.domain_secrets[].domain input[].tools[].container.network_policy.domain_secrets[].name input[].tools[].container.network_policy.domain_secrets[].value input[].tools[].environment.network_policy.domain_secrets[].domain input[].tools[].environment.network_policy.domain_secrets[].name input[].tools[].environment.network_policy.domain_secrets[].value',
  },
  {
    operations: 'responses.create',
    token: 'context_management[].type',
  },
  {
    operations: 'responses.create responses.inputTokens.count',
    text: 'reasoning.mode text.format.description tool_choice.tools[].* tools[].container.network_policy.allowed_domains[] tools[].environment.network_policy.allowed_domains[] tools[].environment.skills[].description tools[].environment.skills[].name tools[].environment.skills[].path tools[].environment.skills[].version tools[].filters.allowed_domains[] tools[].filters.filters[].key tools[].filters.filters[].value tools[].filters.filters[].value[] tools[].filters.key tools[].filters.value tools[].filters.value[] tools[].format.definition tools[].size tools[].tools[].description tools[].tools[].format.definition tools[].user_location.city tools[].user_location.country tools[].user_location.region tools[].user_location.timezone',
    id: 'conversation.id tools[].container.file_ids[] tools[].environment.container_id tools[].environment.file_ids[] tools[].environment.skills[].skill_id tools[].input_image_mask.file_id tools[].vector_store_ids[]',
    token: 'conversation text.format.name tools[].container tools[].model tools[].tools[].name',
    url: 'tools[].input_image_mask.image_url',
    base64: 'tools[].environment.skills[].source.data',
    schema: 'text.format.schema.* tools[].tools[].parameters.*',
    secret: 'tools[].container.network_policy.domain_secrets[].domain tools[].container.network_policy.domain_secrets[].name tools[].container.network_policy.domain_secrets[].value tools[].environment.network_policy.domain_secrets[].domain tools[].environment.network_policy.domain_secrets[].name tools[].environment.network_policy.domain_secrets[].value',
  },
  {
    operations: 'responses.inputTokens.count',
    text: 'personality',
  },
  {
    operations: 'skills.create skills.versions.create',
    text: 'files files[]',
  },
  {
    operations: 'skills.update',
    text: 'default_version',
  },
  {
    operations: 'threads.create',
    text: 'messages[].metadata.*',
    id: 'messages[].attachments[].file_id messages[].content[].image_file.file_id',
  },
  {
    operations: 'threads.createAndRun',
    text: 'thread.messages[].content thread.messages[].content[].text thread.messages[].metadata.* thread.metadata.* thread.tool_resources.file_search.vector_stores[].metadata.*',
    id: 'thread.messages[].attachments[].file_id thread.messages[].content[].image_file.file_id thread.tool_resources.code_interpreter.file_ids[] thread.tool_resources.file_search.vector_store_ids[] thread.tool_resources.file_search.vector_stores[].file_ids[]',
    url: 'thread.messages[].content[].image_url.url',
  },
  {
    operations: 'threads.createAndRun threads.runs.create',
    id: 'assistant_id',
  },
  {
    operations: 'threads.messages.create',
    text: 'content content[].text',
    id: 'attachments[].file_id content[].image_file.file_id',
    url: 'content[].image_url.url',
  },
  {
    operations: 'threads.runs.create',
    text: 'additional_instructions additional_messages[].content additional_messages[].content[].text additional_messages[].metadata.*',
    id: 'additional_messages[].attachments[].file_id additional_messages[].content[].image_file.file_id',
    url: 'additional_messages[].content[].image_url.url',
  },
  {
    operations: 'threads.runs.submitToolOutputs',
    text: 'tool_outputs[].output',
    id: 'tool_outputs[].tool_call_id',
  },
  {
    operations: 'uploads.complete',
    id: 'part_ids[]',
    token: 'md5',
  },
  {
    operations: 'uploads.create',
    text: 'filename',
    token: 'mime_type',
  },
  {
    operations: 'vectorStores.fileBatches.create',
    text: 'files[].attributes.*',
    id: 'files[].file_id',
  },
  {
    operations: 'vectorStores.fileBatches.create vectorStores.files.create vectorStores.files.update',
    text: 'attributes.*',
  },
  {
    operations: 'vectorStores.search',
    text: 'filters.filters[].key filters.filters[].value filters.filters[].value[] filters.key filters.value filters.value[] query query[]',
  },
];

export interface RequestFields {
  readonly operations: string;
  readonly text?: string;
  readonly id?: string;
  readonly token?: string;
  readonly url?: string;
  readonly base64?: string;
  readonly schema?: string;
  readonly secret?: string;
  /** What the operation is for. */
  readonly address?: string;
}
