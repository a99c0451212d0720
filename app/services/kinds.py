"""Kinds of instruments, by the names that people have for them."""

from __future__ import annotations

from collections.abc import Sequence

from .search_words import word_forms

#: Kinds by the site's categories. Something of a kind says so in its name or description.
KINDS: dict[str, tuple[str, ...]] = {
    "Acoustic guitars": (
        "guitar", "acoustic guitar", "classical guitar", "nylon-string guitar", "dreadnought",
        "steel-string guitar", "travel guitar", "parlor guitar", "flamenco guitar",
        "12-string guitar",
    ),
    "Electric guitars": (
        "guitar", "electric guitar", "stratocaster", "telecaster", "les paul",
        "semi-hollow guitar", "hollow-body guitar", "jazzmaster",
    ),
    "Bass guitars": (
        "bass", "bass guitar", "electric bass", "jazz bass", "precision bass", "fretless bass",
    ),
    "Pianos and keyboards": (
        "piano", "keyboard", "digital piano", "grand piano", "upright piano", "acoustic piano",
        "electric piano", "stage piano", "stage keyboard", "organ",
    ),
    "Synthesizers": ("synthesizer", "polysynth", "monosynth", "analog synth", "sequencer"),
    "Drums and percussion": (
        "drum", "percussion", "drum kit", "electronic drum kit", "hand drum", "cajon", "conga",
        "bongo", "djembe", "snare drum", "cymbal", "tambourine",
    ),
    "Brass": ("trumpet", "trombone", "french horn", "tuba", "cornet", "flugelhorn", "euphonium"),
    "Woodwinds": (
        "flute", "piccolo", "clarinet", "bass clarinet", "saxophone", "alto saxophone",
        "tenor saxophone", "soprano saxophone", "baritone saxophone", "oboe", "bassoon",
    ),
    "Orchestral strings": ("violin", "electric violin", "viola", "cello", "double bass"),
    "Folk strings": (
        "ukulele", "soprano ukulele", "concert ukulele", "tenor ukulele", "banjo", "mandolin",
        "harp", "lever harp", "accordion",
    ),
    "DJ and recording": (
        "dj controller", "turntable", "microphone", "audio interface", "sampler", "beat machine",
        "drum machine", "mixer",
    ),
    "Amplifiers": (
        "amplifier", "guitar amplifier", "bass amplifier", "tube amplifier", "combo amplifier",
        "tube head",
    ),
}  # fmt: skip

#: Further names for a category as a whole, or for a kind in it, some in other languages.
OTHER_NAMES: dict[str, tuple[str, ...]] = {
    "Acoustic guitars": (
        "acoustic", "axe", "six-string", "gitarre", "guitarra", "guitarra clásica", "guitare",
        "guitare classique", "chitarra",
    ),
    "Electric guitars": (
        "axe", "strat", "tele", "gitarre", "e-gitarre", "guitarra", "guitare", "chitarra",
    ),
    "Bass guitars": ("four-string bass", "e-bass", "bajo", "basse", "basso"),
    "Pianos and keyboards": (
        "keys", "baby grand", "klavier", "flügel", "e-piano", "teclado", "pianoforte", "tastiera",
    ),
    "Synthesizers": ("synth", "modular"),
    "Drums and percussion": (
        "kit", "drum set", "drumset", "drumkit", "drums", "schlagzeug", "batería", "batterie",
        "batteria",
    ),
    "Brass": ("brass instrument", "horn", "trompete", "trompeta", "trompette", "tromba", "posaune",
        "trombón", "waldhorn"),
    "Woodwinds": (
        "woodwind", "sax", "alto sax", "tenor sax", "reed instrument", "querflöte", "flöte",
        "flauta", "klarinette", "clarinete", "clarinette", "saxophon", "saxofón",
    ),
    "Orchestral strings": (
        "string instrument", "fiddle", "upright bass", "contrabass", "geige", "violine", "violín",
        "violon", "violino", "violoncelle", "violonchelo", "violoncello", "bratsche", "kontrabass",
        "contrabajo", "contrebasse", "contrabbasso",
    ),
    "Folk strings": (
        "uke", "squeezebox", "harfe", "arpa", "harpe", "akkordeon", "acordeón", "accordéon",
        "mandolina", "mandoline", "ukelele",
    ),
    "DJ and recording": (
        "dj gear", "recording gear", "mic", "dj deck", "record player", "mikrofon", "micrófono",
        "mischpult", "plattenspieler",
    ),
    "Amplifiers": (
        "amp", "guitar amp", "bass amp", "tube amp", "combo amp", "half stack", "verstärker",
        "amplificador", "amplificatore",
    ),
}  # fmt: skip

#: What people ask for and a rental site may well not have.
UNCOMMON: Sequence[str] = (
    "theremin", "sitar", "bagpipes", "harmonica", "didgeridoo", "kazoo", "glockenspiel",
    "xylophone", "marimba", "vibraphone", "harpsichord", "clavichord", "hang drum", "handpan",
    "steel drum", "recorder", "pan flute", "ocarina", "tin whistle", "lute", "oud", "bouzouki",
    "balalaika", "zither", "dulcimer", "autoharp", "lyre", "hurdy-gurdy", "concertina",
    "melodica", "celesta", "timpani", "gong", "kalimba", "tabla", "erhu", "koto", "shamisen",
    "pipa", "guqin", "kora", "charango", "cavaquinho", "pedal steel", "lap steel", "dobro",
    "keytar", "mellotron", "stylophone", "otamatone", "jaw harp", "cowbell", "castanets",
    "maracas", "sousaphone", "bugle", "alphorn", "vuvuzela", "nose flute", "music box",
)  # fmt: skip

GENRES: Sequence[str] = (
    "rock", "blues", "jazz", "folk", "pop", "classical", "country", "metal", "bluegrass",
    "electronic", "funk", "reggae", "latin", "gospel", "hip hop", "ambient", "swing", "soul",
    "punk", "indie", "flamenco", "polka", "techno", "house", "ska", "r&b",
)  # fmt: skip

# A kind's words, each with its plural.
_KNOWN = {
    tuple(frozenset(word_forms(word)) for word in name.split())
    for names in KINDS.values()
    for name in names
}


def known_kind(words: Sequence[str]) -> Sequence[str]:
    """Return the known kind with which some words end: "grand piano" of "a black grand piano".

    :return: its words; none if they end with no known kind
    """
    forms = [frozenset(word_forms(word)) for word in words]
    for start in range(len(words)):
        if tuple(forms[start:]) in _KNOWN:
            return words[start:]
    return ()
