"""The small province of these tests: when it is, and some of its series."""

from datetime import date

from services.forecast.known import moment

END = date(2024, 7, 29)
ORIGIN = moment("2024-07-28T00:30:00")
AT = "2024-07-28T00:30:00Z"
FARMS = ("offshore-wind-Jiaxing", "offshore-wind-Zhoushan", "onshore-wind-Lishui")
LOAD = "zhejiang load"
