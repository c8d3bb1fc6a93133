#!/bin/sh
# Tests of sum.sh: what a list adds up to. Ends with the number of those that failed.
failed=0
is() { # a name, a list, its total
    got=$(printf "$2" | sh sum.sh)
    if [ "$got" = "$3" ]; then echo "ok - $1"; else echo "not ok - $1: $got"; failed=$((failed + 1)); fi
}
is 'nothing' '' 0
is 'two lines' 'tea,3\nmilk,2\n' 5
exit $failed
