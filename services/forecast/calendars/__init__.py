"""What kind of day it is where people live: holidays, made-up workdays, school terms, tariff periods."""
