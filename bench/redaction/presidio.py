"""Reads a JSON array of texts, writes for each the findings of Presidio's pattern recognizers as JSON.

No model of a language can be had without a download, so the tokenizer is spaCy's blank English: what Presidio
needs a model for (names, places) is not asked of it, and its context words have no lemmas to go by.
"""
import json
import sys

import spacy
import tldextract

# Its list of top-level domains as it ships, without asking the network.
offline = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
tldextract.extract = offline
tldextract.tldextract.TLD_EXTRACTOR = offline

from presidio_analyzer import AnalyzerEngine, RecognizerRegistry  # noqa: E402
from presidio_analyzer.nlp_engine import SpacyNlpEngine  # noqa: E402


class BlankEngine(SpacyNlpEngine):
    def __init__(self):
        super().__init__(models=[{"lang_code": "en", "model_name": "blank"}])
        self.nlp = {"en": spacy.blank("en")}

    def load(self):
        self.nlp = {"en": spacy.blank("en")}

    def is_loaded(self):
        return True


registry = RecognizerRegistry()
registry.load_predefined_recognizers(languages=["en"])
analyzer = AnalyzerEngine(registry=registry, nlp_engine=BlankEngine(), supported_languages=["en"])

texts = json.load(sys.stdin)
json.dump(
    [
        [{"entity": r.entity_type, "from": r.start, "end": r.end} for r in analyzer.analyze(text, "en", score_threshold=0.4)]
        for text in texts
    ],
    sys.stdout,
)
