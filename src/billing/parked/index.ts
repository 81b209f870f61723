export {
  countParked,
  unparkedRows,
  isParked,
  listParked,
  park,
  type ParkedProfile,
  parkedList,
  type ParkingJob,
  release,
} from './parked-store.ts';
