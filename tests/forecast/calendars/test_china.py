"""Announced years are as the notices say; estimated ones follow the rules by which the announced ones were made."""

from datetime import date

from services.forecast.calendars import china


def kinds(year: int) -> dict[date, str]:
    return {day: special.kind for day, special in china.special_days(year).items()}


def estimated(year: int) -> dict[date, str]:
    return {day: special.kind for day, special in china._estimated_around(year).items() if day.year == year}


def test_spring_festival_of_2024():
    """Off from 10 to 17 February; the Sundays 4 and 18 February were worked."""
    of = kinds(2024)
    assert all(of[date(2024, 2, day)] == "off" for day in range(10, 18))
    assert ("work", "work") == (of[date(2024, 2, 4)], of[date(2024, 2, 18)])
    assert date(2024, 2, 9) not in of  # New Year's Eve was a workday that year


def test_rules_give_the_notice_of_2025():
    """The rules say what was announced for 2025; 28 December belongs to the New Year of 2026."""
    of = estimated(2025)
    of.pop(date(2025, 12, 28), None)
    assert kinds(2025) == of


def test_rules_miss_only_a_sunday_in_2026():
    """In 2026 the Sunday before New Year's Eve was called a day off; it is one by its weekday too."""
    announced, of = kinds(2026), estimated(2026)
    announced.pop(date(2026, 2, 15))
    assert announced == of


def test_a_festival_on_wednesday_stands_alone():
    """Dragon Boat 2027 is Wednesday 9 June."""
    of = kinds(2027)
    assert {date(2027, 6, 9): "off"} == {day: kind for day, kind in of.items() if day.month == 6}


def test_mid_autumn_within_national_day_makes_eight_days():
    """In 2028 it is 3 October: eight days off from Sunday the 1st. Five weekdays less four statutory: one made up."""
    of = kinds(2028)
    assert all(of[date(2028, 10, day)] == "off" for day in range(1, 9))
    worked = [day for day, kind in of.items() if kind == "work" and day.month in (9, 10)]
    assert 5 - 4 == len(worked)


def test_estimates_are_marked_and_announcements_are_not():
    assert all(special.estimated for special in china.special_days(2028).values())
    assert not any(special.estimated for special in china.special_days(2026).values())
    assert {} == china.special_days(2100)
