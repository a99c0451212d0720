"""Demo users, all invented. example.com is reserved for examples, so no mail can reach anybody."""

from __future__ import annotations

from typing import Any

PASSWORD = "demo-password"  # noqa: S105  (public; see seed-demo)  # nosec B105

# E-mail address, name, towns of their listings.
OWNERS: list[tuple[str, str, list[str]]] = [
    ("owner@example.com", "Olivia Reed", ["Austin, TX", "Dallas, TX"]),
    ("marcus.hill@example.com", "Marcus Hill", ["Nashville, TN"]),
    ("priya.nair@example.com", "Priya Nair", ["Seattle, WA", "Portland, OR"]),
    ("tom.becker@example.com", "Tom Becker", ["Chicago, IL"]),
    ("sofia.alvarez@example.com", "Sofia Alvarez", ["Brooklyn, NY"]),
    ("dana.brooks@example.com", "Dana Brooks", ["Denver, CO", "Austin, TX"]),
]

# E-mail address, name, survey.
RENTERS: list[tuple[str, str, dict[str, Any]]] = [
    (
        "demo@example.com",
        "Demo Renter",
        {
            "preferred_instruments": ["acoustic guitar", "ukulele"],
            "experience_level": "beginner",
            "favorite_genres": ["folk", "pop"],
            "budget_range": "0-25",
            "rental_frequency": "monthly",
            "use_case": "learning at home",
            "location": "Austin, TX",
            "additional_notes": "I have small hands and live in an apartment.",
        },
    ),
    (
        "jazz@example.com",
        "Jamal Carter",
        {
            "preferred_instruments": ["alto saxophone", "upright bass"],
            "experience_level": "advanced",
            "favorite_genres": ["jazz", "swing"],
            "budget_range": "50-100",
            "rental_frequency": "a few times a year",
            "use_case": "gigs",
            "location": "Chicago, IL",
        },
    ),
    (
        "band@example.com",
        "Riley Stone",
        {
            "preferred_instruments": ["electric guitar", "amplifier", "drum kit"],
            "experience_level": "intermediate",
            "favorite_genres": ["rock", "blues"],
            "budget_range": "25-50",
            "rental_frequency": "weekly",
            "use_case": "band practice",
            "location": "Nashville, TN",
        },
    ),
    (
        "parent@example.com",
        "Grace Kim",
        {
            "preferred_instruments": ["violin", "cello", "flute"],
            "experience_level": "beginner",
            "favorite_genres": ["classical"],
            "budget_range": "0-25",
            "rental_frequency": "school year",
            "use_case": "school orchestra",
            "location": "Seattle, WA",
            "additional_notes": "For my ten-year-old daughter.",
        },
    ),
    (
        "studio@example.com",
        "Leo Novak",
        {
            "preferred_instruments": ["synthesizer", "microphone", "sampler"],
            "experience_level": "advanced",
            "favorite_genres": ["electronic", "ambient"],
            "budget_range": "100+",
            "rental_frequency": "by project",
            "use_case": "studio recording",
            "location": "Brooklyn, NY",
        },
    ),
    (
        "keys@example.com",
        "Hannah Weiss",
        {
            "preferred_instruments": ["digital piano", "grand piano"],
            "experience_level": "intermediate",
            "favorite_genres": ["classical", "gospel"],
            "budget_range": "25-50",
            "rental_frequency": "monthly",
            "use_case": "church services",
            "location": "Denver, CO",
        },
    ),
    (
        "bluegrass@example.com",
        "Wyatt Cole",
        {
            "preferred_instruments": ["banjo", "mandolin"],
            "experience_level": "intermediate",
            "favorite_genres": ["bluegrass", "country"],
            "budget_range": "25-50",
            "rental_frequency": "summer",
            "use_case": "festival",
            "location": "Portland, OR",
        },
    ),
]
