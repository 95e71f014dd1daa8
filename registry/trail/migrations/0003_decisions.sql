-- The event that a decision was made in, by the decision's id: replaying it begins with that.
CREATE INDEX event_decisions ON audit.event USING gin (decisions);
