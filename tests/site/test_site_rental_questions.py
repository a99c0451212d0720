"""Which messages ask about the user's own rentals."""

from __future__ import annotations

import pytest

from app.services.rental_questions import rental_question

SURE = """
When is my guitar due back?
when is my rental due
Am I late?
am i late returning the drums?
How much do I owe?
how much do i owe you for the piano
What's the total of my rental?
What is my total?
How do I extend my rental?
how can i extend?
Can I extend it for another week if I keep my rental?
I'd like to extend my booking by three days
Can I keep my cello a week longer?
my bookings
Show me my rentals
show my current reservations please
What did I rent?
which instruments have I rented so far?
What have I booked for December?
What guitar did I rent last time?
what am I renting right now?
Can you cancel my rental?
please cancel my booking
How do I cancel?
I want to cancel the reservation
return date?
what's the return date
When do I have to return it?
where do I bring the violin back?
where do I return my piano?
How do I give it back?
Is my rental overdue?
is my guitar late
Has the owner accepted my booking?
Is my reservation confirmed?
Do I have any rentals?
do i still have anything out?
Do I have anything booked next week?
how many days are left on my rental?
When does my rental start?
Until when do I have my keyboard rented?
I want to rent another guitar, but when is my current rental due?
my rental history
What's my due date?
when am I supposed to bring the amp back?
When can I pick up my drums?
how much am i paying for the Yamaha?
tell me everything I have rented
¿Cuándo tengo que devolver la guitarra?
mis reservas
¿Cuánto debo?
¿Puedo prolongar mi alquiler?
Wann muss ich die Gitarre zurückgeben?
Meine Buchungen
Was habe ich gemietet?
Bin ich zu spät dran?
Wie kann ich meine Miete verlängern?
Quand dois-je rendre ma guitare ?
Mes locations
Suis-je en retard ?
Comment prolonger ma location ?
When exactly does the piano I rented have to be returned?
Hi! could you tell me when my violin rental ends?
did i book the drum kit for the right dates?
I think I'm late with my bass, what now?
list all my upcoming bookings
Could I hold on to my saxophone for three more days?
has my booking been approved yet
what do I currently have on rent?
how much will my rental cost me in total
i need to cancel the booking for the cello
Can you extend my rental until Sunday?
When do I need to give the guitar back?
am I overdue on anything?
is there any way to prolong my hire
¿Qué he alquilado?
Wann ist meine Gitarre fällig?
Combien je vous dois ?
what day does my trumpet need to go back
remind me what I have booked
Is there anything I need to bring back this week?
what's left to pay on my rental
my reservation for the harp, is it still on?
Can I have my banjo for one more week?
when was I supposed to return it?
how late am I?
have I got any rentals coming up?
I can't make it on Saturday, how do I cancel my reservation?
which of my rentals ends first
did I ever rent a theremin here
how do i hand the keyboard back
¿Cómo cancelo mi reserva?
Kann ich meine Buchung stornieren?
Qu'est-ce que j'ai loué ?
Hey, when do I have to bring the Stratocaster back?
Do I owe you anything for the last rental?
is my drum kit booking still pending?
how long is my cello rented for?
I'd like to keep my keyboard for two more weeks, is that possible?
What rentals do I have open?
have I returned everything I rented?
Where and when do I return the trumpet?
My rental ends Friday, can I get the weekend too?
please renew my rental
are any of my rentals late?
when is mine due back?
What did my last booking cost?
¿Estoy atrasado con la devolución?
Wann muss ich mein Keyboard zurückbringen?
Je peux annuler ma réservation ?
has the owner confirmed?
cancel the AC30
please extend the Yamaha C40
Has the owner accepted it yet?
did the owner reply?
I want to extend
I need to cancel
what did I rent last year?
"""

UNSURE = """
When is the FG800 due back?
when is it due back?
how long can I keep it?
Can I extend it?
cancel it please
until when can I keep the cello?
I want to cancel the Vox AC30
how much is my Vox?
How much is my Fender Jazz Bass, please?
I need to return my guitar early
can I bring the cello back early?
can I keep the C40 until January?
could we keep this piano for the holidays
"""

NOT_OWN = """
How does renting work?
I want to rent a guitar
is the FG800 rented out?
Can I rent a violin for next weekend?
I'd like to book a drum kit for 12-19 December
What is your cancellation policy?
what happens if a rental is overdue?
How much does it cost to rent a piano?
how long can I rent a guitar for?
This would be my first rental, what do you recommend?
My budget is $20 a day
I rented a Yamaha last year and liked it, what else would you suggest?
I need a keyboard for my band's next gig
my daughter is a beginner, which violin should she rent?
When is the next beginner guitar available?
Is it free next week?
What is the difference between a violin and a viola?
something cheaper
the second one
compare them
How do I rent a guitar?
Am I too late to book for Saturday?
I am late to music, is 40 too old to learn the piano?
Recommend something similar to my rental
noise cancelling headphones
Do you have any bookings free for a grand piano?
how do returns work in general?
Can I extend the neck of the guitar?
what can I rent under $30?
Can you recommend a guitar with an extended range?
My guitar is broken, can I rent one for tonight?
my amp hums, what is wrong with it
Where can I rent drums in Austin?
if I rent a cello, can I extend it later?
Keep it simple: which ukulele is best?
How many days can I rent it?
I want to hire a sax for a month
cancel that, show me drums instead
what do I need to return a ukulele's sound to normal?
Should I buy or rent?
who rents my guitar?
Quiero alquilar una guitarra
¿Cuánto cuesta alquilar un piano?
Ich möchte eine Gitarre mieten
Wie funktioniert das Mieten?
Je voudrais louer un violon
Combien coûte la location d'un piano ?
I have my guitar at home and need an amp
Can I bring my own cables?
What should I keep in mind when renting?
Which guitars are free until the end of December?
do you rent out grand pianos?
I booked a gig at the Blue Note; which amp should I take?
what time do you close?
Do I have to pay a deposit when renting?
Can I return an instrument early?
how do I become an owner and list my guitar?
show me rentals under $20 in Austin
my teacher says I need a weighted keyboard
is the Steinway booked in March?
which one is due for new strings?
My order of preference is Fender, Gibson, Yamaha
I'm late for rehearsal, quick: which mic for vocals?
¿Tienen reservas para el fin de semana?
What do people rent for a wedding?
is anything due to come back in stock?
can you keep it under $15 a day?
how late are you open
I've booked a studio for Friday and need a drum kit there
what's the total for a week with the Nord Stage?
How do I cancel out the hum of a pickup?
Which keyboard has the best return on money?
I hired a tutor, now I need a violin
do owners have to confirm a booking?
are there late fees?
The guitar has to be here by Friday; until when can I book?
tell me about the history of the banjo
Have you got anything on loan for schools?
¿Qué guitarra debo alquilar para empezar?
Muss ich eine Kaution zahlen?
Who pays if I'm late?
I'm renting an apartment and need a quiet piano
how do I book?
what's due to the owner when I rent?
My son rented one at school; is the Yamaha P-45 good?
have you rented this one out before?
Could you list all guitars below $12?
when will the Moog be free again?
Can I cancel after booking?
how does extending work?
does the price include the return trip?
my rent budget is 50 a day
is it late romantic music that suits a cello?
I'd keep it for a week, what is the total?
¿Hasta qué hora están abiertos?
Quels violons puis-je louer ?
how much is my guitar worth?
how much is a Vox?
Has the owner confirmed that the amp works?
did the owner replace the strings?
Can I return a guitar early?
does the owner answer quickly?
I want to keep the budget under $20
I need to keep the noise down
how much is my budget worth here?
I want a guitar to keep
"""


def lines(text: str) -> list[str]:
    return [line for line in text.strip().splitlines() if line]


@pytest.mark.parametrize("message", lines(SURE))
def test_questions_about_own_rentals_are_told(message):
    question = rental_question(message)
    assert question is not None
    assert question.is_sure


@pytest.mark.parametrize("message", lines(UNSURE))
def test_questions_about_an_item_may_be_about_ones_own(message):
    question = rental_question(message)
    assert question is not None
    assert not question.is_sure


@pytest.mark.parametrize("message", lines(NOT_OWN))
def test_other_questions_are_left_alone(message):
    assert rental_question(message) is None
