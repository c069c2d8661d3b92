-- How much may go out at once to the endpoints of a node and of all nodes below it, as the topology file has it; NULL for any number.
ALTER TABLE posthorn_node ADD COLUMN limits text;
