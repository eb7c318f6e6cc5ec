-- KEYS  b m
-- ARGV  ids...
-- Reply 'documents', and of each id version body, or nil nil
return pushDocuments({ 'documents' }, ARGV)
