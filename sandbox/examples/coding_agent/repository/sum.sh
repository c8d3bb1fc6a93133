#!/bin/sh
# Adds up a list from standard input: an item and its price in each line, with a comma between.
total=0
while IFS=, read -r item price; do
    total=$((total + price))
done
echo "$total"
